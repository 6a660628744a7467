"""Settings of a run: the place whose rules hold, the site's own figures, its GS1 identity."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vehiclenest.core.constants import ConstantTable, load_table
from vehiclenest.core.errors import InputError, SettingsError
from vehiclenest.core.identifiers import gdti, giai, lgtin, pgln, sgln
from vehiclenest.loop.route import PLACES

_TABLE = Path(__file__).with_name("site.toml")
_PREFIX_LENGTHS = range(6, 10)  # a part's key is VIN, hyphen and three characters: 21 of the 30 that a GIAI has
_ITEMS = ("FUE", "OIL", "GEO", "COO", "BRF", "WAF", "REF", "FIL", "FER", "NFE", "SHF", "SLF")
_DOCUMENTS = ("certificate_of_destruction", "depollution_record", "hazardous_waste_manifest", "sales_invoice")
_PARTIES = ("last owner", "used-parts trade", "remanufacturer", "second-life integrator", "battery recycler", "material recycler",
            "energy recovery plant", "licensed disposal site")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """`place` is cn or eu; `folder` holds the site's own TOML files, laid over the bundled ones."""

    place: str = "cn"
    folder: Path | None = None

    def __post_init__(self) -> None:
        if self.place not in PLACES:
            raise InputError(f"there are no rules for the place {self.place!r}", expected=f"one of {', '.join(PLACES)}")
        if self.folder and not self.folder.is_dir():
            raise InputError(f"{self.folder} is no folder", expected="the folder of the site's TOML files")
        prefix = self.company_prefix
        if not (prefix.isdigit() and len(prefix) in _PREFIX_LENGTHS):
            raise SettingsError(f"company_prefix {prefix!r} is no GS1 Company Prefix that fits", expected="6 to 9 digits")

    @property
    def table(self) -> ConstantTable:
        """The site's own table."""
        return load_table(_TABLE, self.folder)

    @property
    def company_prefix(self) -> str:
        """GS1 Company Prefix of the base."""
        return _company_prefix(self.folder)

    @property
    def own_routes(self) -> frozenset[str]:
        """Routes that the base walks itself: what takes them stays in stock."""
        return frozenset(self.table["own_works"].words("routes"))

    def thing(self, reference: str) -> str:
        """Return the EPC of one thing: a vehicle by its VIN or lot, a part by ``VIN-CODE``."""
        return _thing(self.company_prefix, reference)

    def material(self, code: str, lot: str) -> str:
        """Return the EPC class of a lot of bulk material."""
        item = str(_ITEMS.index(code) + 1).zfill(13 - len(self.company_prefix))
        return lgtin(self.company_prefix, item, lot).urn()

    def location(self) -> str:
        """Return the EPC of the base."""
        return sgln(self.company_prefix, "1".zfill(12 - len(self.company_prefix))).urn()

    def party(self, name: str) -> str:
        """Return the EPC of a party that the base deals with."""
        return pgln(self.company_prefix, str(_PARTIES.index(name) + 2).zfill(12 - len(self.company_prefix))).urn()

    def document(self, kind: str, serial: str) -> str:
        """Return the EPC of one document."""
        return gdti(self.company_prefix, str(_DOCUMENTS.index(kind) + 1).zfill(12 - len(self.company_prefix)), serial).urn()


@lru_cache(maxsize=4096)  # a thing is named several times while it is at hand
def _thing(company_prefix: str, reference: str) -> str:
    return giai(company_prefix, reference).urn()


@lru_cache(maxsize=64)
def _company_prefix(folder: Path | None) -> str:
    return load_table(_TABLE, folder)["identity"].text("company_prefix")
