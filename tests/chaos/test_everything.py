"""A shorter form of `bin/bench chaos`: everything breaks while incidents open, and nothing is lost."""

import os
import subprocess
import sys

import pytest

from tests.chaos.stack import ROOT

pytestmark = [pytest.mark.live, pytest.mark.slow]


def test_everything_breaks_at_once_and_no_page_is_lost() -> None:
    mine = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    words = [sys.executable, "-m", "tests.chaos.everything", "--incidents", "120", "--seconds", "35", "--apart", "8"]
    ended = subprocess.run(words, cwd=ROOT, env=mine, capture_output=True, text=True, timeout=400, check=False)
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr[-4000:]
