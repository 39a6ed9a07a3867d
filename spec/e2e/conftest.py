import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import newer  # noqa: E402, F401 (before any test has botocore)
from harness import Balm, StandIn, clean_environment  # noqa: E402 (the path comes first)


@pytest.fixture(scope="session")
def running_standin():
    standin = StandIn("--seed", "demo")
    yield standin
    standin.stop()


@pytest.fixture
def standin(running_standin):
    """AWS as the demo's seed has it, whatever earlier tests did."""
    running_standin.reset()
    return running_standin


@pytest.fixture
def balm(standin, tmp_path):
    """balm in an empty folder, with the engine's key, sent to the stand-in."""
    return Balm(clean_environment(AWS_ENDPOINT_URL=standin.url), tmp_path)


@pytest.fixture
def offline(tmp_path):
    """balm with a key and no network to go to."""
    return Balm(clean_environment(AWS_ENDPOINT_URL="http://127.0.0.1:9"), tmp_path)


@pytest.fixture(scope="session")
def tell(request):
    """Prints a line that is seen also when all is well."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def told(line):
        with capture.global_and_fixture_disabled():
            print(f"\n{line}")

    return told
