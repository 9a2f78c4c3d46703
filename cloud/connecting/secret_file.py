"""Where the receiver's post-call secrets are kept: given from outside, for they lie in `.env`."""

from collections.abc import Callable
from dataclasses import dataclass

from cloud.connecting.record import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFile:
    """
    The accepted secrets, the current one first.

    What `write` was given is there after a crash at any later moment. `is_fixed` where they are
    set in the environment: then none can be taken out.
    """

    read: Callable[[], tuple[str, ...]]
    write: Callable[[tuple[str, ...]], None]
    is_fixed: bool = False

    def known(self) -> frozenset[str]:
        """Return the hashes of the accepted secrets."""
        return frozenset(map(fingerprint, self.read()))

    def add(self, secret: str, *, retired: tuple[str, ...]) -> None:
        """Put a secret first; those with the hashes `retired` go, all others stay accepted."""
        others = [each for each in self.read() if fingerprint(each) not in retired]
        self.write((secret, *(each for each in others if each != secret)))

    def drop(self, retired: frozenset[str]) -> None:
        """Take secrets out, unless they are fixed or none would be left."""
        accepted = self.read()
        kept = tuple(each for each in accepted if fingerprint(each) not in retired)
        if kept and kept != accepted and not self.is_fixed:
            self.write(kept)
