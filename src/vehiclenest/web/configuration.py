"""How the application is set up: which ledger, whose rules, which limits. Worker processes read it from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

from vehiclenest.site import Settings

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Configuration:
    """Set-up of one served base.

    `url` is the database of ledger and application; `secure` says that browsers come by HTTPS (through a proxy that ends it), so that
    cookies are sent by nothing else; `upload_bytes` is the most that a request may carry; `requests_per_minute` and
    `logins_per_minute` are what one address may ask; `contest` is the folder of a contest that is served too.
    """

    url: str = "sqlite:///vnest.db"
    place: str = "cn"
    site: Path | None = None
    secure: bool = False
    upload_bytes: int = 25 * _MEGABYTE
    requests_per_minute: int = 6_000
    logins_per_minute: int = 20
    contest: Path | None = None

    @property
    def settings(self) -> Settings:
        """The site's settings."""
        return Settings(self.place, self.site)

    def cookie(self, name: str) -> str:
        """Return the name that a cookie has here: by HTTPS one that browsers take from this host alone."""
        return f"__Host-{name}" if self.secure else name

    def to_environment(self) -> dict[str, str]:
        """Return what worker processes are given."""
        return {
            "VNEST_DB": self.url,
            "VNEST_PLACE": self.place,
            "VNEST_SITE": str(self.site or ""),
            "VNEST_SECURE": "1" if self.secure else "",
            "VNEST_REQUESTS_PER_MINUTE": str(self.requests_per_minute),
            "VNEST_CONTEST": str(self.contest or ""),
        }

    @classmethod
    def from_environment(cls) -> "Configuration":
        """Return what the environment says."""
        get = os.environ.get
        site, contest = get("VNEST_SITE"), get("VNEST_CONTEST")
        return cls(
            url=get("VNEST_DB", cls.url),
            place=get("VNEST_PLACE") or cls.place,
            site=Path(site) if site else None,
            secure=bool(get("VNEST_SECURE")),
            requests_per_minute=int(get("VNEST_REQUESTS_PER_MINUTE") or cls.requests_per_minute),
            contest=Path(contest) if contest else None,
        )
