"""Scripts played in bulk by spec/engine/script/tool_script: what they ask for, sleep and give back."""

import json
import subprocess

from harness import BUILD, clean_environment


class Player:
    def __init__(self, **environment):
        self.process = subprocess.Popen([BUILD / "spec/engine/script/tool_script"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=clean_environment(**environment))

    def __call__(self, body, given=None, answers=()):
        line = json.dumps({"body": body, "given": given, "answers": list(answers)})
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        assert reply, f"the tool ended at {line}"
        return json.loads(reply)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0
