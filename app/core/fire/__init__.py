"""Events of sources that are not emulated, fired: templates, what is set in them, and whether the answer would do."""

from app.core.fire.contracts import CONTRACTS, Contract, contract_of
from app.core.fire.firing import Firing, Shot, Verdict, judge, judge_callback, prepare
from app.core.fire.principals import PRINCIPALS
from app.core.fire.settings import Setting, SettingRefused, parse_setting
from app.core.fire.templates import Catalogue, NoSuchTemplate, Template

__all__ = [
    "CONTRACTS",
    "PRINCIPALS",
    "Catalogue",
    "Contract",
    "Firing",
    "NoSuchTemplate",
    "Setting",
    "SettingRefused",
    "Shot",
    "Template",
    "Verdict",
    "contract_of",
    "judge",
    "judge_callback",
    "parse_setting",
    "prepare",
]
