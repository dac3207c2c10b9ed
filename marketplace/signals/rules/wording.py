"""Signals in words, in Chinese and English; what they never decide is said with them."""

from collections.abc import Mapping
from typing import Any, Final

NOTE: Final = {
    "zh": "系统仅提示迹象,不作任何认定;是否串通由评审组依法判断,并按规定报告财政部门。",
    "en": "A signal is a hint of the system and decides nothing: the panel judges, and reports to "
    "the finance department where the rules ask for it.",
}
"""Stands above every list of signals."""

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "same_phone": ("联系电话相同:{shared}", "the same telephone number: {shared}"),
    "same_email": ("联系邮箱相同:{shared}", "the same e-mail address: {shared}"),
    "same_contact": ("联系人姓名相同:{shared}", "the same name of a contact: {shared}"),
    "same_person": (
        "由同一人员经办投标",
        "the same person began or sealed these bids",
    ),
    "same_member": (
        "同一人员同时隶属于这些投标人",
        "the same person belongs to these bidders",
    ),
    "same_address": (
        "投标由同一网络地址提交",
        "the offers were sealed from the same network address",
    ),
    "same_bank_account": ("收款账户相同", "the same bank account"),
    "same_file": (
        "存在内容完全相同的文件(摘要 {sha256})",
        "byte for byte the same file (digest {sha256})",
    ),
    "same_file_author": (
        "文件属性 {property} 相同:{shared}",
        "files with the same property {property}: {shared}",
    ),
    "same_file_origin": (
        "文件由同一原始文件衍生({property}:{shared})",
        "files made from the same original ({property}: {shared})",
    ),
    "same_file_time": (
        "文件创建时间精确相同:{shared}",
        "files made at exactly the same time: {shared}",
    ),
    "file_names_other_bidder": (
        "文件属性 {property} 为另一投标人:{shared}",
        "a file whose property {property} names the other bidder: {shared}",
    ),
    "same_bond": (
        "使用同一份保函:{issuer} {number}",
        "the same bond: {issuer} {number}",
    ),
    "consecutive_bonds": (
        "保函由同一机构出具且编号相连:{issuer} {numbers}",
        "bonds of one issuer with consecutive numbers: {issuer} {numbers}",
    ),
    "equal_quotes": (
        "报价完全相同;独立报价约每 {once_in} 次出现一次",
        "equal quotes; independent ones would be so about once in {once_in}",
    ),
    "regular_price_steps": (
        "报价呈等差规律;独立报价约每 {once_in} 次出现一次",
        "quotes that step by the same difference; independent ones would about once in {once_in}",
    ),
    "regular_price_ratios": (
        "报价呈等比规律;独立报价约每 {once_in} 次出现一次",
        "quotes that step by the same ratio; independent ones would about once in {once_in}",
    ),
    "proportional_lines": (
        "报价明细 {lines} 项单价成同一比例",
        "{lines} lines of the price sheets stand in one ratio",
    ),
    "same_passage": (
        "方案中有 {passages} 处相同且非榜单原文的表述,如:{shared}",
        "{passages} passages in common that are not from the call, such as: {shared}",
    ),
}


KINDS: Final = frozenset(_WORDS)
"""Every kind that can be put in words."""


def words(kind: str, evidence: Mapping[str, Any]) -> dict[str, str]:
    """Put one signal in words.

    >>> words("same_phone", {"shared": "138****8000"})["en"]
    'the same telephone number: 138****8000'
    """
    zh, en = _WORDS[kind]
    return {"zh": zh.format_map(evidence), "en": en.format_map(evidence)}
