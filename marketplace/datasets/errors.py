"""How the datasets room says no."""

from marketplace.kit.errors import (
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    OutOfRange,
    TooLarge,
    Unacceptable,
)


class DatasetUnknown(NotFound):
    """No such dataset, or none that you may see."""

    code = "datasets.unknown"
    title_zh = "找不到该数据集,或您无权查看。"


class VersionUnknown(NotFound):
    """This dataset has no such version, or none that you may see."""

    code = "datasets.version_unknown"
    title_zh = "该数据集没有此版本,或您无权查看。"


class FileUnknown(NotFound):
    """No such file of a dataset, or none that you may see."""

    code = "datasets.file_unknown"
    title_zh = "找不到该数据文件,或您无权查看。"


class UploadUnknown(NotFound):
    """No such upload of your organisation."""

    code = "datasets.upload_unknown"
    title_zh = "找不到贵单位的该次上传。"


class RequestUnknown(NotFound):
    """No such access request, or none that you may see."""

    code = "datasets.request_unknown"
    title_zh = "找不到该访问申请,或您无权查看。"


class CodeTaken(Conflict):
    """This call already has a dataset under this code."""

    code = "datasets.code_taken"
    title_zh = "该榜单已有使用此代码的数据集。"


class NotDescribed(Unacceptable):
    """The content of the call describes no dataset under this code: `described` lists them."""

    code = "datasets.not_described"
    title_zh = "榜单内容中没有此代码的数据集:已载明的见 described。"


class DiffersFromNotice(Unacceptable):
    """The manifest differs from what the call says of this dataset: see `differences`."""

    code = "datasets.differs_from_notice"
    title_zh = "数据集清单与榜单载明的不一致:见 differences。"


class ManifestUnreadable(Unacceptable):
    """The manifest is not complete or not of the right form."""

    code = "datasets.manifest_unreadable"
    title_zh = "数据集清单不完整或格式不正确。"


class ManifestContradicts(Unacceptable):
    """The manifest contradicts itself: see `contradictions`."""

    code = "datasets.manifest_contradicts"
    title_zh = "数据集清单自相矛盾:见 contradictions。"


class ImpactAssessmentMissing(Conflict):
    """Personal data need an impact assessment, with document and date, before they are sealed."""

    code = "datasets.impact_assessment_missing"
    title_zh = "含个人信息的数据集须先附个人信息保护影响评估(文件与日期)。"


class NotTheCustodian(Forbidden):
    """Only the data custodian of the poster or of the data-source unit may do this."""

    code = "datasets.not_the_custodian"
    title_zh = "只有出题方或数据来源单位的数据管理员可以执行此操作。"


class VersionOpen(Conflict):
    """An open version is there already: seal or withdraw it before you begin another."""

    code = "datasets.version_open"
    title_zh = "已有未封存的版本:请先封存或撤回。"


class VersionEmpty(Conflict):
    """A version without a file cannot be sealed."""

    code = "datasets.version_empty"
    title_zh = "没有文件的版本不能封存。"


class UploadsOpen(Conflict):
    """Uploads of this version are still open: complete or abort them first."""

    code = "datasets.uploads_open"
    title_zh = "该版本仍有未完成的上传:请先完成或放弃。"


class ProfilesPending(Conflict):
    """The profiles of these files are still being computed: try again shortly."""

    code = "datasets.profiles_pending"
    title_zh = "文件画像仍在计算:请稍后再试。"


class ProfilesFailed(Conflict):
    """These files are not what they say they are: remove them and upload them again."""

    code = "datasets.profiles_failed"
    title_zh = "这些文件与其声明不符:请移除后重新上传。"


class FileNameTaken(Conflict):
    """This version already has a file or an open upload under this name."""

    code = "datasets.file_name_taken"
    title_zh = "该版本已有同名文件或未完成的同名上传。"


class FileNameRefused(Malformed):
    """A file name is one plain name, without folders, control characters or leading dots."""

    code = "datasets.file_name_refused"
    title_zh = "文件名应为单个普通名称,不含目录、控制字符,不以点开头。"


class TooManyFiles(Conflict):
    """A version has no more room for files."""

    code = "datasets.too_many_files"
    title_zh = "该版本的文件数已达上限。"


class PartMisplaced(Conflict):
    """Parts come one after the other: the next one begins at `offset`."""

    code = "datasets.part_misplaced"
    title_zh = "分片须依次上传:下一片应从 offset 开始。"


class PartTooLarge(TooLarge):
    """A part is larger than the limit, or reaches beyond the announced end of the file."""

    code = "datasets.part_too_large"
    title_zh = "分片超过上限,或超出文件声明的大小。"


class PartEmpty(Malformed):
    """A part without a byte brings an upload no further."""

    code = "datasets.part_empty"
    title_zh = "空分片无法推进上传。"


class PartDigestMissing(Malformed):
    """A part needs its digest in a Content-Digest header, as in sha-256=:…base64…: of RFC 9530."""

    code = "datasets.part_digest_missing"
    title_zh = "分片须在请求头 Content-Digest 中携带摘要,形如 sha-256=:…base64…:(RFC 9530)。"


class PartDigestDiffers(Unacceptable):
    """The part that arrived is not the one that was announced: send it again."""

    code = "datasets.part_digest_differs"
    title_zh = "收到的分片与声明的摘要不符:请重新发送。"


class PartBrokenOff(Malformed):
    """The part ended before it was complete: send it again from `offset`."""

    code = "datasets.part_broken_off"
    title_zh = "分片传输中断:请从 offset 重新发送。"


class UploadOver(Conflict):
    """This upload has ended and takes no more parts."""

    code = "datasets.upload_over"
    title_zh = "该次上传已结束,不再接收分片。"


class UploadIncomplete(Conflict):
    """Parts are missing: the upload goes on at `offset`."""

    code = "datasets.upload_incomplete"
    title_zh = "尚有分片未上传:请从 offset 继续。"


class FileDigestDiffers(Unacceptable):
    """The whole file is not the one that was announced; the upload was discarded."""

    code = "datasets.file_digest_differs"
    title_zh = "整个文件与声明的摘要不符,该次上传已作废。"


class FileNotItsFormat(Unacceptable):
    """The content of the file is not of the format that was announced; it was discarded."""

    code = "datasets.file_not_its_format"
    title_zh = "文件内容与声明的格式不符,该次上传已作废。"


class NotRequestable(Conflict):
    """Access to this dataset cannot be asked for."""

    code = "datasets.not_requestable"
    title_zh = "该数据集不能申请访问。"


class TermsNotAccepted(Unacceptable):
    """Accept the terms of this very version: send their digest, `terms_sha256`."""

    code = "datasets.terms_not_accepted"
    title_zh = "须接受本版本的使用条款:请提交其摘要 terms_sha256。"


class AlreadyRequested(Conflict):
    """Your organisation has asked for this version already."""

    code = "datasets.already_requested"
    title_zh = "贵单位已申请访问该版本。"


class OwnRequest(Forbidden):
    """Nobody decides a request of their own or of their organisation."""

    code = "datasets.own_request"
    title_zh = "不得审批本人或本单位的申请。"


class AccessRefused(Forbidden):
    """Your organisation has no access to this dataset, or none any more."""

    code = "datasets.access_refused"
    title_zh = "贵单位没有或不再有该数据集的访问权。"


class NeverDownloadable(Forbidden):
    """This dataset is not given away: it is used in a sandbox or hidden for the test."""

    code = "datasets.never_downloadable"
    title_zh = "该数据集不提供下载:仅供沙箱使用或隐藏测评。"


class RangeNotSatisfiable(OutOfRange):
    """The file has no bytes in this range."""

    code = "datasets.range_not_satisfiable"
    title_zh = "文件在此范围内没有字节。"


class NothingToDelete(Conflict):
    """Your organisation was never given this version, so it has nothing to certify."""

    code = "datasets.nothing_to_delete"
    title_zh = "贵单位从未获取该版本,无需出具删除证明。"


class AlreadyCertified(Conflict):
    """Your organisation has already certified that it deleted this version."""

    code = "datasets.already_certified"
    title_zh = "贵单位已出具该版本的删除证明。"


class CallOver(Conflict):
    """The call is not open for this any more, or not yet."""

    code = "datasets.call_over"
    title_zh = "榜单当前阶段不能执行此操作。"
