"""How the scoring room says no: the yardstick, the sheet, the prices, the predictions."""

from marketplace.kit.errors import (
    Conflict,
    LimitReached,
    Malformed,
    NotFound,
    TooLarge,
    Unacceptable,
)


class DocumentUnreadable(Malformed):
    """The document does not have the form it should have at this place."""

    code = "scoring.document_unreadable"
    title_zh = "文件在此处的格式不符合要求。"


class ValueOutOfRange(Unacceptable):
    """This number is not finite, or has more digits than a score sheet carries."""

    code = "scoring.value_out_of_range"
    title_zh = "数值不是有限数,或位数超过评分表允许的范围。"


class WeightsDoNotAddUp(Unacceptable):
    """The weights of the criteria must add up to 10000 basis points."""

    code = "scoring.weights_do_not_add_up"
    title_zh = "各评审因素权重之和必须为 10000 个基点。"


class CriterionUnfit(Unacceptable):
    """A criterion lacks something its kind needs, or carries something its kind does not use."""

    code = "scoring.criterion_unfit"
    title_zh = "评审因素缺少其类型所需的内容,或含有其类型不使用的内容。"


class CriterionRepeated(Unacceptable):
    """Two criteria carry the same code."""

    code = "scoring.criterion_repeated"
    title_zh = "评审因素代码重复。"


class TooManyPriceCriteria(Unacceptable):
    """A rubric may hold at most one price criterion."""

    code = "scoring.too_many_price_criteria"
    title_zh = "评审办法中价格因素最多只能有一个。"


class FloorEqualsTarget(Unacceptable):
    """The floor and the target of a criterion must differ, or no value lies between them."""

    code = "scoring.floor_equals_target"
    title_zh = "评审因素的下限值与目标值不能相同。"


class FloorBeyondTarget(Unacceptable):
    """The floor lies beyond the target for the direction in which this criterion improves."""

    code = "scoring.floor_beyond_target"
    title_zh = "评审因素的下限值与目标值的先后与其优劣方向矛盾。"


class MethodUnfit(Unacceptable):
    """The evaluation method and the criteria do not belong together."""

    code = "scoring.method_unfit"
    title_zh = "评审方法与评审因素不匹配。"


class RoundingUnfit(Unacceptable):
    """Points are rounded half up, per criterion, to between two and six places."""

    code = "scoring.rounding_unfit"
    title_zh = "分值应按每项因素四舍五入,保留二至六位小数。"


class AggregationUnfit(Unacceptable):
    """This way of aggregating judges is unknown, or its trim does not belong to it."""

    code = "scoring.aggregation_unfit"
    title_zh = "评委打分的汇总方式未知,或截尾数与汇总方式不匹配。"


class TieBreakUnknown(Unacceptable):
    """This tie-break is not one of the closed set, or is stated twice."""

    code = "scoring.tie_break_unknown"
    title_zh = "并列处理规则不在规定范围内,或重复列出。"


class FormulaUnknown(Unacceptable):
    """This formula is not one of the closed set."""

    code = "scoring.formula_unknown"
    title_zh = "计算公式不在规定范围内。"


class MetricUnknown(Unacceptable):
    """No metric of this name is registered, or its parameter is not what it takes."""

    code = "scoring.metric_unknown"
    title_zh = "没有登记此名称的指标,或其参数不符合要求。"


class MetricUndefined(Unacceptable):
    """This metric has no value on this data."""

    code = "scoring.metric_undefined"
    title_zh = "此指标在该数据上没有定义。"


class NumberUnreadable(Unacceptable):
    """This row does not hold a finite number of a size that is accepted."""

    code = "scoring.number_unreadable"
    title_zh = "该行不是可接受范围内的有限数值。"


class TruthUnfit(Conflict):
    """The hidden set cannot be scored by this metric: its publisher must mend it."""

    code = "scoring.truth_unfit"
    title_zh = "隐藏测试集无法用此指标评分:须由发布方修正。"


class BidRepeated(Unacceptable):
    """A bid stands twice on the sheet."""

    code = "scoring.bid_repeated"
    title_zh = "同一投标在评分表中出现两次。"


class JudgeRepeated(Unacceptable):
    """A judge stands twice on the sheet."""

    code = "scoring.judge_repeated"
    title_zh = "同一评委在评分表中出现两次。"


class MarkRepeated(Unacceptable):
    """A judge marked the same bid twice on the same criterion."""

    code = "scoring.mark_repeated"
    title_zh = "同一评委对同一投标的同一因素打分两次。"


class MarkMisplaced(Unacceptable):
    """This mark belongs to no judge, no bid or no marked criterion of the sheet."""

    code = "scoring.mark_misplaced"
    title_zh = "该打分不属于评分表中的任何评委、投标或打分因素。"


class MarkOutOfRange(Unacceptable):
    """A mark lies between zero and the scale of its criterion."""

    code = "scoring.mark_out_of_range"
    title_zh = "打分必须在零与该因素满分刻度之间。"


class MarksMissing(Conflict):
    """Not every seated judge has marked every bid on every criterion."""

    code = "scoring.marks_missing"
    title_zh = "尚有评委未对全部投标的全部因素打分。"


class ObjectiveMarksDiffer(Unacceptable):
    """An objective criterion is decided once: its marks must be the same for all judges."""

    code = "scoring.objective_marks_differ"
    title_zh = "客观因素应一次认定:各评委的打分必须一致。"


class TooFewJudgesToTrim(Unacceptable):
    """Trimming would leave no mark: there are too few judges."""

    code = "scoring.too_few_judges_to_trim"
    title_zh = "评委人数过少,去掉最高分和最低分后没有剩余打分。"


class ValueMissing(Conflict):
    """A bid that is to be ranked lacks a value that a criterion needs."""

    code = "scoring.value_missing"
    title_zh = "参与排名的投标缺少某项因素所需的数值。"


class ValueMisplaced(Unacceptable):
    """This value belongs to no criterion of the rubric that is computed from values."""

    code = "scoring.value_misplaced"
    title_zh = "该数值不属于评审办法中任何按数值计算的因素。"


class FormulaValueUnfit(Unacceptable):
    """This figure cannot enter the formula: a ratio needs figures above zero."""

    code = "scoring.formula_value_unfit"
    title_zh = "该数值不能代入公式:比值公式要求数值大于零。"


class QuoteNotPositive(Unacceptable):
    """A price of zero or less cannot be evaluated."""

    code = "scoring.quote_not_positive"
    title_zh = "报价或评审价不大于零,无法评审。"


class DeductionUnfit(Unacceptable):
    """The price deductions of a bid are named once each and add up to less than the whole price."""

    code = "scoring.deduction_unfit"
    title_zh = "价格扣除的各项政策只能列一次,合计必须小于报价全额。"


class NotEnoughBids(Conflict):
    """Fewer bids are responsive than this call needs to go on."""

    code = "scoring.not_enough_bids"
    title_zh = "实质性响应的投标少于本榜单要求的最低数量。"


class DrawSeedMissing(Conflict):
    """A tie is left for the witnessed draw, and no seed has been recorded."""

    code = "scoring.draw_seed_missing"
    title_zh = "并列须由见证抽签决定,但尚未记录抽签种子。"


class PredictionsTooLarge(TooLarge):
    """The prediction file is larger than what is accepted."""

    code = "scoring.predictions_too_large"
    title_zh = "预测结果文件超过允许的大小。"


class UploadBrokenOff(Malformed):
    """The upload broke off before the file was complete."""

    code = "scoring.upload_broken_off"
    title_zh = "上传中断,文件不完整。"


class PredictionsUnreadable(Malformed):
    """The prediction file cannot be read at this line."""

    code = "scoring.predictions_unreadable"
    title_zh = "预测结果文件在此行无法读取。"


class PredictionColumnMissing(Unacceptable):
    """The header of the prediction file lacks a column, or names one twice."""

    code = "scoring.prediction_column_missing"
    title_zh = "预测结果文件的表头缺少列,或同一列出现两次。"


class PredictionIdRepeated(Unacceptable):
    """The prediction file names the same id twice."""

    code = "scoring.prediction_id_repeated"
    title_zh = "预测结果文件中同一编号出现两次。"


class PredictionIdsDiffer(Unacceptable):
    """The ids of the prediction file are not exactly those that were asked for."""

    code = "scoring.prediction_ids_differ"
    title_zh = "预测结果文件中的编号与要求的编号不完全一致。"


class NotEvaluating(Conflict):
    """This call is not being evaluated: marks and files are taken between opening and decision."""

    code = "scoring.not_evaluating"
    title_zh = "该榜单不在评审阶段:开标后、定榜前方可评分和提交测评文件。"


class NotOnPanel(NotFound):
    """You do not sit on the panel of this call."""

    code = "scoring.not_on_panel"
    title_zh = "您不是本榜单评审组成员。"


class PanelUnfit(Unacceptable):
    """The panel does not meet the rules of this legal track."""

    code = "scoring.panel_unfit"
    title_zh = "评审组组成不符合该法定路径的规定。"


class PanelSeatedAlready(Conflict):
    """The panel of this call is seated already: recuse and replace single judges instead."""

    code = "scoring.panel_seated_already"
    title_zh = "评审组已组成:请对个别专家办理回避与替换。"


class JudgeConflicted(Conflict):
    """This judge is tied to a bidder of this call and must be recused."""

    code = "scoring.judge_conflicted"
    title_zh = "该专家与投标人存在利害关系,应当回避。"


class SheetSigned(Conflict):
    """This score sheet is signed: signed marks cannot be changed."""

    code = "scoring.sheet_signed"
    title_zh = "评分表已签署,不得更改。"


class SheetsUnsigned(Conflict):
    """Not every judge has signed yet."""

    code = "scoring.sheets_unsigned"
    title_zh = "尚有专家未签署评分表。"


class EligibilityPending(Conflict):
    """Not every opened bid has had its eligibility checked yet."""

    code = "scoring.eligibility_pending"
    title_zh = "尚有已开启的投标未完成资格审查。"


class DecidedAlready(Conflict):
    """This was decided already and is decided only once."""

    code = "scoring.decided_already"
    title_zh = "该项已作出结论,不得重复认定。"


class CriterionUnknown(Unacceptable):
    """The call has no such criterion of this kind."""

    code = "scoring.criterion_unknown"
    title_zh = "榜单中没有该类评分项。"


class TruthMissing(Conflict):
    """There is no hidden set for this criterion yet."""

    code = "scoring.truth_missing"
    title_zh = "该评分项尚未设置隐藏测试集。"


class QuotaUsed(LimitReached):
    """The number of submissions allowed for this criterion is used up."""

    code = "scoring.quota_used"
    title_zh = "该评分项的提交次数已用完。"


class AbnormallyLow(Conflict):
    """These quotes are so low that the panel must decide on their explanation first."""

    code = "scoring.abnormally_low"
    title_zh = "报价异常偏低:评审组须先对其书面说明作出认定。"


class RoundReasonNeeded(Unacceptable):
    """A further ranking round needs a reason from the closed list."""

    code = "scoring.round_reason_needed"
    title_zh = "重新评审须从法定事由中选择一项。"


class RoundUnknown(NotFound):
    """No such ranking round, or none that you may see."""

    code = "scoring.round_unknown"
    title_zh = "找不到该评审轮次,或您无权查看。"


class SubmissionUnknown(NotFound):
    """No such submission, or none that you may see."""

    code = "scoring.submission_unknown"
    title_zh = "找不到该提交,或您无权查看。"
