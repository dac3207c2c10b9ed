"""The words that a bidder signs, in numbered versions: one that was signed never changes.

Source   drafted for this platform after 政府采购法 第22条, 政府采购法实施条例 第18条, 政府采购促进
         中小企业发展管理办法 (财库〔2020〕46号) and its annex; not the wording of an authority.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

INTEGRITY: Final = "integrity"
INTEREST: Final = "interest"
RELATED_PARTY: Final = "related_party"
SME: Final = "sme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One version of the text of a declaration, and what a bidder fills in."""

    code: str
    version: int
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    source: str
    fills_in: tuple[str, ...] = ()
    """The fields of a statement that this text refers to."""


TEMPLATES: Final = (
    Template(
        code=INTEGRITY,
        version=1,
        title_zh="诚信承诺",
        title_en="Declaration of integrity",
        text_zh=(
            "本单位提交的全部材料真实、完整、有效;未与其他投标人或评审人员串通;"
            "未行贿或谋取不正当利益。如有虚假,愿承担投标无效及相应法律责任。"
        ),
        text_en=(
            "All that we submit is true, complete and valid. We have not colluded with another "
            "bidder or a judge, have bribed nobody and sought no undue advantage. If any of this "
            "is false, our bid is invalid and we answer for it by law."
        ),
        source="政府采购法 第25条、第77条",
    ),
    Template(
        code=INTEREST,
        version=1,
        title_zh="利益冲突声明",
        title_en="Declaration of interests",
        text_zh=(
            "除所列单位或人员外,本单位与出题方、主管部门经办人员及评审人员之间不存在可能影响公正的"
            "利益关系;本单位未参与本需求的整体设计、规范编制或项目管理、监理、检测。"
        ),
        text_en=(
            "Apart from those named, we have no interest in common with the poster, the officers "
            "or the judges that could affect fairness, and we have not designed, specified, "
            "managed, supervised or tested this need."
        ),
        source="政府采购法 第12条;政府采购法实施条例 第9条、第18条",
        fills_in=("named",),
    ),
    Template(
        code=RELATED_PARTY,
        version=1,
        title_zh="关联关系声明",
        title_en="Declaration of related parties",
        text_zh=(
            "与本单位负责人为同一人,或与本单位存在直接控股、管理关系的单位已全部列明;"
            "据本单位所知,所列单位未以自己名义或作为联合体成员参加本榜单。"
        ),
        text_en=(
            "Every unit that has the same head as ours, or that we directly own or manage or that "
            "so owns or manages us, is named. To our knowledge none of them takes part in this "
            "call, alone or in a consortium."
        ),
        source="政府采购法实施条例 第18条",
        fills_in=("named",),
    ),
    Template(
        code=SME,
        version=1,
        title_zh="中小企业声明",
        title_en="Declaration of the size of the firm",
        text_zh=(
            "按照《中小企业划型标准规定》,本单位属于所填企业类型;不存在控股股东为大型企业的情形,"
            "也不存在与大型企业负责人为同一人的情形。内容如有虚假,依法承担责任。"
        ),
        text_en=(
            "By the national standard on the size of firms we are of the size stated. No large "
            "firm controls us or has the same head. We answer by law for what is false."
        ),
        source="财库〔2020〕46号 附件1",
        fills_in=("size_class",),
    ),
)
"""Every version that was ever published; an older one stays, because somebody has signed it."""


def _versions() -> Mapping[str, tuple[int, ...]]:
    codes = {one.code for one in TEMPLATES}
    return MappingProxyType(
        {code: tuple(one.version for one in TEMPLATES if one.code == code) for code in codes}
    )


VERSIONS: Final = _versions()
"""The known versions of each declaration."""
