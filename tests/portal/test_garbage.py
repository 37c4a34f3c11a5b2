"""Looking for garbage is put off while somebody asks for it, and taken up again afterwards."""

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from portal.lib import garbage


def test_nested_blocks_end_with_the_outermost() -> None:
    assert gc.isenabled()
    with garbage.put_off():
        with garbage.put_off():
            assert not gc.isenabled()
        assert not gc.isenabled(), "the outer block still wants its peace"
    assert gc.isenabled()


def test_a_failure_takes_it_up_again() -> None:
    with pytest.raises(ValueError, match="broken"), garbage.put_off():
        raise ValueError("broken")
    assert gc.isenabled()


def test_who_had_it_off_keeps_it_off() -> None:
    gc.disable()
    try:
        with garbage.put_off():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_last_of_several_threads_takes_it_up_again() -> None:
    together = Barrier(4)

    def work(_: int) -> bool:
        with garbage.put_off():
            together.wait(timeout=10)  # all are inside
            return not gc.isenabled()

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
    assert gc.isenabled()
