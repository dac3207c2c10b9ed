"""How the funding room says no."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable


class PolicyUnknown(NotFound):
    """No such funding policy."""

    code = "funding.policy_unknown"
    title_zh = "找不到该资助政策。"


class PolicyMalformed(Unacceptable):
    """A funding policy needs a code, a name, a status and a list of what is unstated."""

    code = "funding.policy_malformed"
    title_zh = "资助政策须有代码、名称、状态和未载明事项清单。"


class PolicyIncomplete(Unacceptable):
    """A policy that leaves needed terms unsaid cannot be active."""

    code = "funding.policy_incomplete"
    title_zh = "有未载明事项的政策不能生效。"


class PolicyHasOtherContent(Conflict):
    """This version of the policy is loaded with other content: a change is a new version."""

    code = "funding.policy_has_other_content"
    title_zh = "该版本政策已载入且内容不同:修改须另立版本。"
