"""Several runners in one process, one step at a time, in an order given by a seed."""

import random
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from monokeel.ground.errors import MonokeelError

T = TypeVar("T")


class Turns(Generic[T]):
    """Runs functions "at the same time": at each turn the seed says who goes on."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - an order, not a secret
        self._may_go: dict[int, threading.Semaphore] = {}
        self._current = -1
        self._finished = threading.Semaphore(0)

    def turn(self) -> None:
        """Let somebody go on: perhaps the caller, perhaps another one."""
        caller = self._current
        self._wake()
        self._may_go[caller].acquire()

    def run(self, works: Sequence[Callable[[], T]]) -> list[T | MonokeelError]:
        """Return what each of *works* returned or raised, once all have ended."""
        results: dict[int, T | MonokeelError] = {}

        def work(number: int) -> None:
            self._may_go[number].acquire()
            try:
                results[number] = works[number]()
            except MonokeelError as error:
                results[number] = error
            finally:
                del self._may_go[number]
                self._wake()

        self._may_go = {number: threading.Semaphore(0) for number in range(len(works))}
        threads = [
            threading.Thread(target=work, args=(number,), daemon=True)
            for number in range(len(works))
        ]
        for thread in threads:
            thread.start()
        self._wake()
        self._finished.acquire()
        for thread in threads:
            thread.join()
        return [results[number] for number in range(len(works))]

    def _wake(self) -> None:
        if not self._may_go:
            self._finished.release()
            return
        self._current = self._random.choice(sorted(self._may_go))
        self._may_go[self._current].release()
