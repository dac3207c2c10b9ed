"""Phrases that favour or shut out bidders: what must be found, and what must be left alone."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from marketplace.scenarios.rules.checks.phrases import Barrier, Place, barriers, fold

A, S, N = Place.CONDITION, Place.SCORE, Place.NEED

FOUND: list[tuple[str, Place, Barrier]] = [
    ("投标人注册地须在本市", A, Barrier.REGISTERED_PLACE),
    ("供应商注册地址应位于示例区", A, Barrier.REGISTERED_PLACE),
    ("註冊地在本區的企業優先", S, Barrier.REGISTERED_PLACE),
    ("在示例市注册的独立法人", A, Barrier.REGISTERED_PLACE),
    ("本地企业加5分", S, Barrier.REGISTERED_PLACE),
    ("仅限本区企业参加", A, Barrier.REGISTERED_PLACE),
    ("外地企业不得参加", A, Barrier.REGISTERED_PLACE),
    ("上一年度在本市纳税的得3分", S, Barrier.REGISTERED_PLACE),
    ("须在本市设有分公司或办事处", A, Barrier.LOCAL_BRANCH),
    ("中选后應在本區設立獨立法人子公司", A, Barrier.LOCAL_BRANCH),
    ("国有企业优先", S, Barrier.OWNERSHIP),
    ("投标人须为国有控股企业", A, Barrier.OWNERSHIP),
    ("不接受外资企业投标", A, Barrier.OWNERSHIP),
    ("具有本省政务项目业绩", A, Barrier.TIED_RECORD),
    ("近三年公安行业业绩每个得2分", S, Barrier.TIED_RECORD),
    ("获得示例市科技进步奖的加2分", S, Barrier.TIED_RECORD),
    ("服务器须采用华为品牌", A, Barrier.BRAND),
    ("推理芯片必须使用昇腾910", N, Barrier.BRAND),
    ("摄像机指定海康威视", A, Barrier.BRAND),
    ("須採用ＮＶＩＤＩＡ顯卡", A, Barrier.BRAND),
    ("品牌须为:某某", A, Barrier.BRAND),
    ("方案应使用专利号ZL202410000000的装置", N, Barrier.PATENT),
    ("投标人须拥有人脸识别发明专利", A, Barrier.PATENT),
    ("指定供应商为某某科技", A, Barrier.SUPPLIER),
    ("须提供原厂授权书", A, Barrier.SUPPLIER),
    ("算力须由示例云计算有限公司提供", N, Barrier.SUPPLIER),
    ("只支持示例智能科技有限公司", A, Barrier.OPERATOR),
    ("由示例数字集团承担建设", N, Barrier.OPERATOR),
    ("企业成立满三年", A, Barrier.AGE),
    ("成立時間不少於５年", A, Barrier.AGE),
    ("注册时间须满24个月", A, Barrier.AGE),
    ("经营年限每满一年得1分", S, Barrier.AGE),
    ("成立3年以上", A, Barrier.AGE),
    ("注册资本不低于500万元", A, Barrier.FINANCES),
    ("註冊資本 ５００ 萬元以上得３分", S, Barrier.FINANCES),
    ("上年度营业收入达到1亿元", A, Barrier.FINANCES),
    ("净资产排名第一的得满分", S, Barrier.FINANCES),
    ("近三年连续盈利:近三年无亏损", A, Barrier.FINANCES),
    ("员工人数不少于100人", A, Barrier.SIZE),
    ("参保人数超过50人得5分", S, Barrier.SIZE),
    ("仅限大型企业", A, Barrier.SIZE),
    ("上市公司加3分", S, Barrier.SIZE),
    ("不接受小微企业", A, Barrier.SIZE),
    ("第一大股东持股比例不低于51%", A, Barrier.EQUITY),
    ("须有同类产品销售业绩不少于3个", A, Barrier.SALES_RECORD),
    ("市场占有率前三名", A, Barrier.SALES_RECORD),
]

LEFT_ALONE: list[tuple[str, Place]] = [
    ("依法设立,能独立承担民事责任", A),
    ("在中华人民共和国境内注册的法人", A),
    ("不限注册地,不要求设立分支机构", A),
    ("注册地不限", A),
    ("注册地在何处不影响评分", S),
    ("本市60个办事大厅的窗口与人员", N),
    ("示例区城中村消防通道占用情况", N),
    ("数据留存于本市政务云,不得出域", A),
    ("现场响应时间不超过2小时", A),
    ("研发团队与试验场地均在境内", A),
    ("近三年无重大违法记录", A),
    ("未列入严重失信主体名单,近三年无重大违法记录", A),
    ("依法缴纳税款和社会保障资金,附最近一期凭证", A),
    ("成立不足三年的,提供自成立以来的记录", A),
    ("提供上一年度财务报表", A),
    ("不看企业规模、成立年限和既往业绩", S),
    ("不得以注册资本不低于某一数额为条件", A),
    ("注册资本不作要求", A),
    ("不以营业收入、利润设置门槛", A),
    ("报价应含税费、利润等全部费用", S),
    ("配备不少于5名驻场人员", A),
    ("小微企业价格扣除10%", S),
    ("专门面向中小企业", A),
    ("提供中小企业声明函", A),
    ("国有企业、民营企业平等参与", A),
    ("对各类所有制企业一视同仁", A),
    ("与出题方无关联关系", A),
    ("股东名册用于关联关系核查", A),
    ("兼容华为、英伟达等主流芯片", A),
    ("须适配昇腾、英伟达等主流芯片", A),
    ("服务器采用华为或同等性能的产品", A),
    ("不指定品牌", A),
    ("须采用国密算法", A),
    ("方案不侵犯他人专利权", A),
    ("专利权归属按合同约定", A),
    ("单机不超过8张GPU", A),
    ("由第三方检测机构出具报告", A),
    ("由揭榜方提供运维服务", A),
    ("须提供源代码和授权说明", A),
    ("同类项目业绩每个得1分,最多3分", S),
    ("提供历史案例数据的处理方法", S),
    ("医疗安全与转人工机制", S),
    ("首台(套)产品视同满足业绩要求", A),
    ("接受并签署保密协议", A),
    ("网络安全等级保护三级", A),
    ("未参与本榜单需求的编制或论证", A),
    ("部署于政务外网和信创环境", A),
    ("训练数据不少于3年", S),
]


@pytest.mark.parametrize(("text", "place", "barrier"), FOUND)
def test_finds_a_condition_that_favours_or_shuts_out(
    text: str, place: Place, barrier: Barrier
) -> None:
    """Each wording is found, in either script and in full-width digits, as what it is."""
    assert barrier in {hit.barrier for hit in barriers(text, place)}


@pytest.mark.parametrize(("text", "place"), LEFT_ALONE)
def test_leaves_lawful_wording_alone(text: str, place: Place) -> None:
    """What is denied, general, or about something else is no finding."""
    assert [hit.phrase for hit in barriers(text, place)] == []


def test_the_tables_are_long_enough_to_mean_something() -> None:
    """At least thirty of each, and every barrier there is."""
    assert len(FOUND) >= 30 <= len(LEFT_ALONE)
    assert {barrier for _, _, barrier in FOUND} == set(Barrier)


def test_a_denial_reaches_no_further_than_its_clause() -> None:
    """After a comma, a "but" or a line break, a condition is a condition again."""
    for joint in (",", ";", "。", ",但", "但", "\n"):
        hits = list(barriers(f"注册地不限{joint}注册资本不低于500万元", A))

        assert [hit.barrier for hit in hits] == [Barrier.FINANCES], joint


def test_a_sales_record_is_a_barrier_as_a_condition_only() -> None:
    """Experience may be scored; as a condition it shuts out a first product."""
    text = "提供同类产品成功案例"

    assert [hit.barrier for hit in barriers(text, A)] == [Barrier.SALES_RECORD]
    assert list(barriers(text, S)) == []


@settings(deadline=None)
@given(st.sampled_from(FOUND), st.sampled_from(LEFT_ALONE))
def test_a_lawful_sentence_beside_it_hides_nothing(
    found: tuple[str, Place, Barrier], alone: tuple[str, Place]
) -> None:
    """Before or after it, in another sentence, the condition is still found."""
    text, place, barrier = found

    for together in (f"{alone[0]}。{text}", f"{text}。{alone[0]}"):
        assert barrier in {hit.barrier for hit in barriers(together, place)}


@settings(deadline=None)
@given(st.text())
@example("\x1e\r")  # two ends of lines, and nothing else
def test_folding_twice_is_folding_once(text: str) -> None:
    """And any text at all can be read."""
    assert fold(fold(text)) == fold(text)
    for place in Place:
        list(barriers(text, place))
