"""Runs balm while one thing after another fails under it, and says what of its promises did not hold.

A trial is one `balm run` with one failure. It may end ill, but it may not crash or hang; it says that all is
well only where it is; no write reaches AWS that the store does not list; and no secret is printed.
"""

import concurrent.futures
import errno
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile

from harness import ACCOUNT, BUILD, OTHER_ACCOUNT, Balm, StandIn, clean_environment, remediate

PRELOADED = BUILD / "spec/torture/fail.so"
SECONDS = 30  # of a trial; longer is a hang
# How a library ends the process by itself where its own memory runs out, which nobody who calls it can prevent:
# libcurl 7.88 divides by the size of a socket's table that it could not make, libuv aborts in its first set-up.
ENDED_BY_LIBRARY = (-signal.SIGFPE, -signal.SIGABRT)
ERRNOS = (errno.EIO, errno.ENOSPC, errno.EROFS)

ONE = [remediate("AWS.S3.EnableBucketVersioning", {"Name": f"demo-{ACCOUNT}"})]
BATCH = [*ONE,
         remediate("AWS.S3.EnableBucketVersioning", {"Name": f"demo-{OTHER_ACCOUNT}"}, account=OTHER_ACCOUNT),
         remediate("AWS.S3.EnableBucketVersioning", {"Name": "no-such-bucket"}),
         remediate("AWS.DDB.EncryptTable", {"Name": "orders"})]
TABLE = [remediate("AWS.DDB.EncryptTable", {"Name": "orders"})]


class Place:
    """A stand-in for AWS, and a folder for the stores of trials; one for each that run side by side."""

    def __init__(self):
        self.standin = StandIn("--seed", "demo")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="torture-"))
        self.balm = Balm(clean_environment(AWS_ENDPOINT_URL=self.standin.url, AWS_MAX_ATTEMPTS="2"), self.folder)

    def close(self):
        self.standin.stop()
        shutil.rmtree(self.folder)

    def run(self, events, fault=None, excused=(), **env):
        """One trial: how it ended, and what did not hold; it may end with what is excused."""
        self.standin.reset()
        for account in (ACCOUNT, OTHER_ACCOUNT):
            self.standin.settings(account=account, settle_ms=0)
        if fault:
            self.standin.fault(**fault)
        shutil.rmtree(self.folder / "store", ignore_errors=True)
        report = self.folder / "report"
        report.unlink(missing_ok=True)
        stdin = "".join(json.dumps(event) + "\n" for event in events)
        try:
            done = self.balm("run", "-", stdin=stdin, timeout=SECONDS, TORTURE_DIR=f"{self.folder}/store",
                             TORTURE_REPORT=str(report), **env)
        except subprocess.TimeoutExpired:
            return None, ["it hangs"]
        done.calls = int(report.read_text()) if report.exists() else None
        return done, list(self._broken(done, events, excused))

    def _broken(self, done, events, excused):
        if (done.status < 0 or done.status > 4) and done.status not in excused:
            yield f"it ended with {done.status}: {done.err[-300:]}"
        if done.status == 0 and not self._is_as_told(done, events):
            yield f"exit 0, which is not true: {done.out[-500:]}"
        yield from self.betrayed(done)
        yield from self.unrecorded()

    def betrayed(self, done):
        """Secrets where none may be, also the parts that a cut answer left of them."""
        kept = b"".join(path.read_bytes() for path in (self.folder / "store").glob("*"))
        for secret in self.standin.secrets():
            for part in (secret[:16], secret[-16:]):
                if part in done.out + done.err or part.encode() in kept:
                    yield f"a secret is printed or kept: {part}"

    def _is_as_told(self, done, events):
        """Is there a result of each event, well ended, and true?"""
        statuses = [line.get("status") for line in done.lines]
        return len(statuses) == len(events) and set(statuses) <= {"fixed", "compliant"} and all(
            self._is_fixed(event["payload"]) for event in events)

    def _is_fixed(self, payload):
        name, account = payload["resource"]["Name"], payload["resource"]["AccountId"]
        if payload["remediationId"] == "AWS.DDB.EncryptTable":
            table = self.standin.state("dynamodb", "tables", name, account)
            return table.get("SSEDescription", {}).get("SSEType") == "KMS"
        bucket = self.standin.state("s3", "buckets", name, account) or {}
        return bucket.get("Versioning", {}).get("Status") == "Enabled"

    def unrecorded(self):
        """Writes that AWS has seen and no run in the store lists."""
        writes = [(entry["operation"], entry["account"]) for name in ("PutBucketVersioning", "UpdateTable")
                  for entry in self.standin.log(operation=name)]
        if not writes:
            return
        listed, told = self.balm("history"), []
        if listed.status:
            yield f"history fails after a write: {listed.err[-300:]}"
            return
        for head in listed.lines:
            run = self.balm("history", head["run"])
            told += [(call["operation"], head["account"]) for line in run.lines for call in line.get("calls", ())
                     if call.get("write")]
        for write in set(writes):
            if told.count(write) < 1:
                yield f"{write[0]} in {write[1]} was sent, and is not in the store: {listed}"


def memory(place, events, at):
    return place.run(events, excused=ENDED_BY_LIBRARY, LD_PRELOAD=str(PRELOADED), TORTURE_WHAT="memory",
                     TORTURE_AT=str(at))


def files(place, events, at, how=errno.EIO):
    return place.run(events, LD_PRELOAD=str(PRELOADED), TORTURE_WHAT="files", TORTURE_AT=str(at),
                     TORTURE_ERRNO=str(how))


def answer(place, events, operation, at):
    """The first answer to operation ends after so many bytes."""
    return place.run(events, fault={"operation": operation, "cut": at})


def length(place, events, operation):
    """Of a whole answer, its head included."""
    place.run(events)
    return place.standin.log(operation=operation)[0]["sent"]


def positions(count, stride):
    """Which calls fail: one alone, and, more seldom, one and all after it (negative)."""
    return [*range(1, count + 1, stride), *range(-1, -count - 1, -4 * stride)]


def trials(place, stride):
    """(name, function of a place) for each trial; every stride-th of each kind."""
    for name, events in (("one", ONE), ("batch", BATCH)):
        count = memory(place, events, 0)[0].calls
        for at in positions(count, stride):
            yield f"memory {name} {at} of {count}", lambda p, e=events, a=at: memory(p, e, a)
        count = files(place, events, 0)[0].calls
        for how in ERRNOS:
            for at in positions(count, max(1, stride // 20)):
                yield (f"files {name} {at} of {count} {errno.errorcode[how]}",
                       lambda p, e=events, a=at, h=how: files(p, e, a, h))
    for events, operation in ((ONE, "AssumeRole"), (ONE, "GetBucketVersioning"), (TABLE, "UpdateTable")):
        count = length(place, events, operation)
        for at in range(0, count, max(1, stride // 10)):
            yield f"answer {operation} {at} of {count}", lambda p, e=events, o=operation, a=at: answer(p, e, o, a)


def run_all(stride, workers, told):
    """Runs all trials; told(name, problems) for each that went wrong. How many there were, and went wrong."""
    places = [Place() for _ in range(workers)]
    free, wrong, count = list(places), 0, 0

    def one(name, trial):
        place = free.pop()
        try:
            return name, trial(place)[1]
        finally:
            free.append(place)

    try:
        first = free.pop()
        planned = list(trials(first, stride))
        free.append(first)
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            for name, problems in pool.map(lambda planned_one: one(*planned_one), planned):
                count += 1
                if problems:
                    wrong += 1
                    told(name, problems)
    finally:
        for place in places:
            place.close()
    return count, wrong
