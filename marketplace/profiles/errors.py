"""How this room says no: no calendar, no such parameter, a document that contradicts itself."""

from marketplace.kit.errors import Conflict, Malformed, NotFound, Unacceptable


class CalendarYearNotLoaded(Unacceptable):
    """The working days of a year that this needs are not loaded, and they are never guessed."""

    code = "profiles.calendar_year_not_loaded"
    title_zh = "所需年份的工作日历尚未载入,平台不作推测。"


class CalendarMalformed(Unacceptable):
    """This is not a calendar of one year: see which day or field contradicts the rest."""

    code = "profiles.calendar_malformed"
    title_zh = "年度工作日历不成立:请核对所列日期或字段。"


class PeriodNotCountable(Unacceptable):
    """A period is a whole number of working days or calendar days, at least one."""

    code = "profiles.period_not_countable"
    title_zh = "期限须为不少于一天的整数,单位为工作日或自然日。"


class AnchorWithoutZone(Unacceptable):
    """A moment without a time zone does not say on which day it falls."""

    code = "profiles.anchor_without_zone"
    title_zh = "起算时刻缺少时区,无法确定其所在日期。"


class SuspensionBackwards(Unacceptable):
    """A suspension ends before it begins."""

    code = "profiles.suspension_backwards"
    title_zh = "中止期间的结束时刻早于开始时刻。"


class ProfileMalformed(Unacceptable):
    """This is not a rule profile: see which parameter or field is wrong."""

    code = "profiles.profile_malformed"
    title_zh = "规则配置不成立:请核对所列参数或字段。"


class ParameterNotSet(Unacceptable):
    """This rule profile says nothing about that parameter."""

    code = "profiles.parameter_not_set"
    title_zh = "该规则配置未规定此参数。"


class ParameterOfOtherKind(Unacceptable):
    """That parameter exists in this rule profile, but it is measured in another unit."""

    code = "profiles.parameter_of_other_kind"
    title_zh = "该参数的计量单位与所要求的不同。"


class ProfileNotFound(NotFound):
    """No rule profile of this code and version is loaded."""

    code = "profiles.profile_not_found"
    title_zh = "没有该编号和版本的规则配置。"


class NoProfileInForce(Unacceptable):
    """No rule profile of this track is in force on that day."""

    code = "profiles.no_profile_in_force"
    title_zh = "该日没有适用于此类程序的有效规则配置。"


class CalendarNotFound(NotFound):
    """No calendar of that year is loaded."""

    code = "profiles.calendar_not_found"
    title_zh = "没有该年份的工作日历。"


class VersionHasOtherContent(Conflict):
    """This version is already loaded with other content: publish a new version instead."""

    code = "profiles.version_has_other_content"
    title_zh = "该版本已载入且内容不同:请另立新版本。"


class PeriodOrRule(Malformed):
    """Give either `count` and `unit`, or `profile` and `parameter`: one pair, and all of it."""

    code = "profiles.period_or_rule"
    title_zh = "须且只能提供一组:count 与 unit,或 profile 与 parameter。"
