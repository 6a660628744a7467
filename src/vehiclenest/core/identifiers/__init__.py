"""What things are called: vehicle numbers, battery codes and GS1 keys, read strictly and written back the same.

In comes a text from a label, a file or a link; out comes a frozen record of what it says, or an `InputError` that names the
character that is wrong. Vehicle numbers follow ISO 3779, ISO 3780, 49 CFR 565 and GB 16735; battery codes GB/T 34014-2017;
GS1 keys the EPC Tag Data Standard 1.13 and GS1 Digital Link 1.2.
"""

from vehiclenest.core.identifiers.battery_code import BatteryCode, ProductType, format_battery_code, parse_battery_code
from vehiclenest.core.identifiers.gs1 import Epc, gdti, giai, gs1_check_digit, lgtin, parse_epc, pgln, sgln
from vehiclenest.core.identifiers.vin import Vin, check_digit, parse_vin, with_check_digit

__all__ = [
    "BatteryCode",
    "Epc",
    "ProductType",
    "Vin",
    "check_digit",
    "format_battery_code",
    "gdti",
    "giai",
    "gs1_check_digit",
    "lgtin",
    "parse_battery_code",
    "parse_epc",
    "parse_vin",
    "pgln",
    "sgln",
    "with_check_digit",
]
