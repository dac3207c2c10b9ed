"""How the bids room says no to documents of a bid."""

from marketplace.kit.errors import Conflict, Malformed, NotFound, TooLarge, Unacceptable


class DocumentUnknown(NotFound):
    """No such document of a bid, or none that you may see."""

    code = "bids.document_unknown"
    title_zh = "找不到该投标文件,或您无权查看。"


class DocumentsFixed(Conflict):
    """The documents of this bid can no longer be changed."""

    code = "bids.documents_fixed"
    title_zh = "该投标的文件已不可更改。"


class DocumentsFull(Conflict):
    """A bid has no room for another document, or not for one of this size."""

    code = "bids.documents_full"
    title_zh = "投标文件的数量或总大小已达上限。"


class DocumentsUnfinished(Conflict):
    """Documents are still on their way: complete or remove them before you seal the offer."""

    code = "bids.documents_unfinished"
    title_zh = "尚有未传完的投标文件:请先完成或移除,再密封报价。"


class DocumentOver(Conflict):
    """This document is complete or was taken back: it takes no more parts."""

    code = "bids.document_over"
    title_zh = "该文件已传完或已移除,不再接收分片。"


class DocumentIncomplete(Conflict):
    """Parts are missing: the document goes on at `offset`."""

    code = "bids.document_incomplete"
    title_zh = "尚有分片未上传:请从 offset 继续。"


class DocumentPartMisplaced(Conflict):
    """Parts come one after the other: the next one begins at `offset`."""

    code = "bids.document_part_misplaced"
    title_zh = "分片须依次上传:下一片应从 offset 开始。"


class DocumentPartTooLarge(TooLarge):
    """A part is larger than the limit, or reaches beyond the announced end of the document."""

    code = "bids.document_part_too_large"
    title_zh = "分片超过上限,或超出文件声明的大小。"


class DocumentPartEmpty(Malformed):
    """A part without a byte brings a document no further."""

    code = "bids.document_part_empty"
    title_zh = "空分片无法推进上传。"


class DocumentPartDigestMissing(Malformed):
    """A part needs its digest in a Content-Digest header, as in sha-256=:…base64…: of RFC 9530."""

    code = "bids.document_part_digest_missing"
    title_zh = "分片须在请求头 Content-Digest 中携带摘要,形如 sha-256=:…base64…:(RFC 9530)。"


class DocumentPartDigestDiffers(Unacceptable):
    """The part that arrived is not the one that was announced: send it again."""

    code = "bids.document_part_digest_differs"
    title_zh = "收到的分片与声明的摘要不符:请重新发送。"


class DocumentPartBrokenOff(Malformed):
    """The part ended before it was complete: send it again from `offset`."""

    code = "bids.document_part_broken_off"
    title_zh = "分片传输中断:请从 offset 重新发送。"


class DocumentNotItsKind(Unacceptable):
    """The content is of no kind that is accepted here, or not of the one that was announced."""

    code = "bids.document_not_its_kind"
    title_zh = "文件内容不属于可接受的类型,或与声明的类型不符。"


class DocumentDiffers(Unacceptable):
    """The whole document is not the one that was announced: remove it and send it again."""

    code = "bids.document_differs"
    title_zh = "整个文件与声明的大小或摘要不符:请移除后重新上传。"


class DocumentStillSealed(Conflict):
    """This document was not opened: before the opening only your own reading key opens it."""

    code = "bids.document_still_sealed"
    title_zh = "该文件尚未开启:开标前仅本单位的读取密钥可以打开。"


class DocumentUnsound(Conflict):
    """This document is not what was sealed: see its finding."""

    code = "bids.document_unsound"
    title_zh = "该文件与密封时不一致:见其核验结论。"
