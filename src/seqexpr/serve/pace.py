"""How fast requests are answered, and so how long the next one would wait."""

from __future__ import annotations

__all__ = ["Pace"]

_OVER = 50


class Pace:
    """Requests at work, and the mean time between two answers while there are any.

    A new request waits for those before it: their number times that time (Little's
    law), whatever it is that takes long, the model or the talking.

    References
    ----------
    Little (1961), A proof for the queuing formula L = λW, Operations Research 9:383-387.

    Examples
    --------
    >>> pace = Pace()
    >>> for request in range(4):
    ...     pace.begin(now=0.0)
    >>> pace.end(now=0.5), pace.end(now=1.0)
    (None, None)
    >>> pace.n, pace.wait
    (2, 1.0)
    """

    def __init__(self) -> None:
        self.n = 0
        """Requests at work."""
        self._since = 0.0
        self._between = 0.0
        self._answers = 0

    @property
    def wait(self) -> float:
        """Seconds that a new request would wait; 0 until there were answers."""
        return self.n * self._between

    def begin(self, *, now: float) -> None:
        """Count a request in."""
        if self.n == 0:  # what nobody waited for does not count
            self._since = now
        self.n += 1

    def end(self, *, now: float) -> None:
        """Count a request out, answered or not."""
        self.n -= 1
        # Answers of a batch come together, so the mean is over many.
        self._answers = min(self._answers + 1, _OVER)
        self._between += (now - self._since - self._between) / self._answers
        self._since = now
