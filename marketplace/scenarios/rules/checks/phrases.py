"""Phrases that favour or shut out bidders, found in Chinese text of either script.

A phrase is judged within its clause: "不看注册资本" is not a condition, "注册资本不低于500万元" is.
What is found here is a hint with a place, so that a person can rewrite the sentence; what is not
found is not therefore lawful.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import opencc


class Barrier(StrEnum):
    """What a phrase ties the call to."""

    REGISTERED_PLACE = "registered_place"
    LOCAL_BRANCH = "local_branch"
    OWNERSHIP = "ownership"
    TIED_RECORD = "tied_record"
    BRAND = "brand"
    PATENT = "patent"
    SUPPLIER = "supplier"
    OPERATOR = "operator"
    AGE = "age"
    FINANCES = "finances"
    SIZE = "size"
    EQUITY = "equity"
    SALES_RECORD = "sales_record"


class Place(StrEnum):
    """What kind of text a phrase stands in: not every word is a condition everywhere."""

    CONDITION = "condition"
    SCORE = "score"
    NEED = "need"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A phrase that was found, as it reads in simplified Chinese, and what it ties the call to."""

    barrier: Barrier
    phrase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """How a barrier is worded, and in which texts the wording counts."""

    barrier: Barrier
    wording: re.Pattern[str]
    places: frozenset[Place]


EVERYWHERE: Final = frozenset(Place)
RULES_OF_CHOICE: Final = frozenset({Place.CONDITION, Place.SCORE})
CONDITIONS: Final = frozenset({Place.CONDITION})

_CLAUSE = re.compile(r"[。;,!?\n]|但是?")
_SPACE = re.compile(r"\s+")
_DENIED_BEFORE = re.compile(
    r"(?:不看|不以|不要求|不得要求|不得以|不限|不设|不问|不论|无论|不考虑|不因|不评|不计|不歧视|不含|"
    r"不涉及|不指定|不限定|不得指定|不得限定|不对|无需|无须|不必|不将|不得将|不把|不依据|不按|不与|"
    r"兼容|适配|不设置|不得设置|不得设定|取消|不$)"
)
_DENIED_AFTER = re.compile(
    r"(?:不限|不作要求|不做要求|均可|不作为|不得作为|不计分|不计入|不予考虑|无要求|不影响|不设限|"
    r"或相当|或同等|或等同|等同于|及同等|等主流|平等参与|一视同仁)"
)

_LOCAL = r"(?:本市|本区|本省|本县|本地|当地|我市|我区|我省|辖区内?|[一-龥]{2,3}[省市区县])"
_FIRM = r"(?:企业|供应商|单位|公司|厂商|投标人|申报人|服务商|揭榜方|申请人|机构)"
_GAIN = r"(?:优先|加分|另加|加\d|得\d|可得|计\d|满分|方可|才可|方能|除外)"
_OWNED = r"(?:国有|国资|央企|国企|民营|私营|外资|内资|合资|外商投资|集体所有制|混合所有制)"
_LEAST = r"(?:不低于|不少于|不得低于|不得少于|不小于|达到|达|超过|大于|高于|≥|>=|>|以上|满)"
_MONEY = (
    r"(?:注册资本金?|注册资金|实缴资本|资产总额|总资产|净资产|资产规模|营业收入|年营收|营收|年?营业额|"
    r"年?销售额|销售收入|净?利润|纳税总?额|年产值|资产负债率)"
)
_STAFF = r"(?:从业人员|员工|职工|社保|参保)(?:人数|总数|数量|规模)?"
_MAKER = (
    r"(?:华为|升腾|鲲鹏|英伟达|NVIDIA|海康威视|大华股份|商汤|旷视|科大讯飞|讯飞|百度|阿里云|腾讯云|"
    r"浪潮|中科曙光|甲骨文|Oracle|微软|思科|新华三)"
)
"""Makers whose names often stand in calls; a name alone is no finding, "must be" and a name is.

Written as folding leaves them: 升腾 stands for 昇腾 as well.
"""
_MUST = r"(?:须|必须|应当|应|需|指定|限定|只能|仅|统一)"


def _pattern(barrier: Barrier, places: frozenset[Place], *wordings: str) -> Pattern:
    return Pattern(
        barrier=barrier, places=places, wording=re.compile("|".join(wordings), re.IGNORECASE)
    )


PATTERNS: Final = (
    _pattern(
        Barrier.LOCAL_BRANCH,
        RULES_OF_CHOICE,
        rf"(?:在|于){_LOCAL}.{{0,8}}(?:设立|设有|成立|新设|开设|拥有|具有).{{0,8}}"
        r"(?:分支机构|分公司|子公司|独立法人|办事处|服务网点|研发中心)",
        rf"(?:设立|设有|成立|新设|开设|拥有|具有){_LOCAL}.{{0,6}}"
        r"(?:分支机构|分公司|子公司|独立法人|办事处|服务网点)",
    ),
    _pattern(
        Barrier.REGISTERED_PLACE,
        RULES_OF_CHOICE,
        r"(?:注册地址?|住所地|工商登记地|登记注册地|税务登记地|纳税地|总部)(?:须|应|必须|需)?"
        r"(?:在|位于|为|属于|限于|限)(?!境内|中国|中华)",
        rf"(?:在|于){_LOCAL}.{{0,6}}(?:注册|登记|纳税|缴税|缴纳税|缴纳社保|落户)(?!部门|机关)",
        rf"{_LOCAL}(?:注册|登记|纳税)?的?{_FIRM}.{{0,10}}{_GAIN}",
        rf"(?:仅限|只限|限于|限|仅接受|只接受|仅面向|只面向){_LOCAL}(?:注册|登记)?的?{_FIRM}",
        rf"(?:外地|异地|非本[市地区省县]).{{0,6}}{_FIRM}.{{0,8}}(?:不得|不予|不能|扣|须另|备案)",
        r"(?:不接受|排除|拒绝)(?:外地|异地|非本[市地区省县])",
    ),
    _pattern(
        Barrier.OWNERSHIP,
        RULES_OF_CHOICE,
        rf"{_OWNED}(?:控股|独资|全资|背景|成分)?的?{_FIRM}?.{{0,8}}(?:{_GAIN}|不得参|不予)",
        rf"(?:仅限|只限|限于|须为|应为|必须为|必须是|不接受|仅面向).{{0,4}}{_OWNED}",
    ),
    _pattern(
        Barrier.TIED_RECORD,
        RULES_OF_CHOICE,
        rf"{_LOCAL}.{{0,8}}(?:业绩|项目经验|合同|案例|奖项|获奖|荣誉|科技进步奖|优秀奖)",
        r"[一-龥]{2,4}(?:行业|系统)内?的?.{0,6}(?:业绩|项目经验|奖项|获奖|荣誉)",
    ),
    _pattern(
        Barrier.BRAND,
        EVERYWHERE,
        rf"{_MUST}.{{0,4}}(?:采用|使用|选用|基于|部署于?|运行于)?.{{0,4}}{_MAKER}",
        rf"(?:采用|使用|选用|基于){_MAKER}.{{0,6}}(?:品牌|产品|芯片|服务器|平台|设备|模型)",
        rf"(?:指定|限定|{_MUST}(?:采用|使用|选用)|只接受|仅接受).{{0,10}}(?:品牌|商标)",
        r"品牌(?:须|应|必须|限)?(?:为|限于|是):?",
    ),
    _pattern(
        Barrier.PATENT,
        EVERYWHERE,
        r"(?:ZL|专利号)\s*[::]?\s*\d{6,}",
        rf"{_MUST}.{{0,6}}(?:采用|使用|基于|具有|拥有|持有).{{0,12}}(?:专利技术|专有技术|发明专利)",
        r"(?:专利权人|著作权人)(?:须|应|必须)?(?:为|是)(?!揭榜方|中标人|双方|出题方)",
    ),
    _pattern(
        Barrier.OPERATOR,
        EVERYWHERE,
        r"(?:仅|只|定向)(?:支持|资助|补助|奖励|补贴).{2,20}(?:公司|集团|研究院)",
        r"由[^由]{2,20}(?:公司|集团)(?:独家)?(?:承担|实施|申报|运营|承建)",
    ),
    _pattern(
        Barrier.SUPPLIER,
        EVERYWHERE,
        r"(?:指定|唯一|独家)(?:的)?(?:供应商|厂商|厂家|服务商|供货商)",
        r"(?:指定|限定|只能|须)由.{2,16}(?:公司|集团|厂)(?:提供|供货|实施)",
        r"(?:提供|具有|取得|出具|具备).{0,6}(?:原厂|厂家|制造商|生产商|生产厂家).{0,6}(?:授权|承诺函)",
    ),
    _pattern(
        Barrier.AGE,
        RULES_OF_CHOICE,
        r"(?:成立|设立|注册|经营|存续|工商登记)(?:时间|年限|期限|期|日期)?(?!不足|未满|不满)"
        rf".{{0,6}}{_LEAST}.{{0,3}}(?:\d+|[一二两三四五六七八九十]+)个?(?:周?年|个?月)",
        r"(?:成立|设立|注册|经营|存续)(?:时间)?(?:\d+|[一二两三四五六七八九十]+)个?周?年"
        r"(?:以上|及以上|的|者|,|$)",
        rf"(?:成立|经营|存续)(?:年限|时间).{{0,8}}(?:{_GAIN}|每|越长|得分|排名)",
    ),
    _pattern(
        Barrier.FINANCES,
        RULES_OF_CHOICE,
        rf"{_MONEY}.{{0,8}}(?:{_LEAST}|{_GAIN}|不高于|每|排名|得分|\d)",
        r"(?:连续|近)[一二两三四五\d]+年.{0,6}(?:盈利|无亏损|未亏损)",
    ),
    _pattern(
        Barrier.SIZE,
        RULES_OF_CHOICE,
        rf"{_STAFF}.{{0,6}}(?:{_LEAST}|{_GAIN}|每|排名|得分)",
        rf"(?:人员规模|企业规模|公司规模|经营规模).{{0,8}}(?:{_LEAST}|{_GAIN}|得分|排名|大型)",
        r"(?:仅限|只限|限于|须为|应为|必须为|必须是)(?:国内)?"
        r"(?:大型|大中型|规模以上|规上|上市|世界500强|中国500强|500强|独角兽)",
        rf"(?:大型|规模以上|规上|上市|500强|独角兽){_FIRM}.{{0,8}}{_GAIN}",
        r"(?:不接受|不得为|排除|拒绝).{0,4}(?:中小|小微|微型|小型|初创)(?:型|创)?企业",
    ),
    _pattern(
        Barrier.EQUITY,
        RULES_OF_CHOICE,
        rf"(?:股权结构|股权比例|持股比例|股东背景|股东|出资比例).{{0,10}}(?:{_LEAST}|{_GAIN}|须|应)",
    ),
    _pattern(
        Barrier.SALES_RECORD,
        CONDITIONS,
        r"(?:须有|具有|具备|提供|至少|不少于|须提供).{0,12}"
        r"(?:销售业绩|销售记录|销售合同|装机量|成功案例|使用业绩|应用业绩|供货业绩)",
        rf"市场(?:占有率|份额).{{0,6}}(?:{_LEAST}|前|\d|排名)",
    ),
)


def fold(text: str) -> str:
    """Write a text in the one form in which phrases are looked for.

    Shape    compatibility forms (full-width digits) as ordinary ones, Traditional as Simplified,
             no white space within a line, no empty lines.

    >>> fold("註冊資本不低於 ５００ 萬元")
    '注册资本不低于500万元'
    """
    lines = unicodedata.normalize("NFKC", text).splitlines()
    folded = (_SPACE.sub("", _simplified().convert(line)) for line in lines)
    # Taking out a space can bring a letter and its accent together.
    return "\n".join(unicodedata.normalize("NFKC", line) for line in folded if line)


def barriers(text: str, place: Place) -> Iterator[Hit]:
    """Find what ties a call to some bidders, each kind once and with its first phrase.

    Shape    in the order of the patterns.
    """
    found: dict[Barrier, Hit] = {}
    clauses = [clause for clause in _CLAUSE.split(fold(text)) if clause]
    for pattern in PATTERNS:
        if place not in pattern.places or pattern.barrier in found:
            continue
        for clause in clauses:
            match = pattern.wording.search(clause)
            if match and not _denied(clause, match):
                found[pattern.barrier] = Hit(barrier=pattern.barrier, phrase=clause[:80])
                break
    yield from found.values()


def _denied(clause: str, match: re.Match[str]) -> bool:
    """Say whether the clause itself takes the condition back."""
    before, after = clause[: match.start()], clause[match.start() :]
    return bool(_DENIED_BEFORE.search(before) or _DENIED_AFTER.search(after))


@functools.cache
def _simplified() -> opencc.OpenCC:
    """Load the table of characters once; reading it takes longer than any call's text."""
    return opencc.OpenCC("t2s")
