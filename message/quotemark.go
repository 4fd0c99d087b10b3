package message

import "strings"

// mark says what an element's attributes tell of the text in it.
type mark int

const (
	noQuote     mark = iota
	quoteInside      // the element's content is quoted
	quoteHolder      // the same, but what stands behind a blockquote in it are answers
	quoteBehind      // all from here on is quoted
	headerInside
	signatureInside
	forwardInside
)

func (m mark) kind() FoldKind {
	switch m {
	case headerInside:
		return FoldHeader
	case signatureInside:
		return FoldSignature
	case forwardInside:
		return FoldForwarded
	}
	return FoldQuote
}

// quoteMark knows how mail programs mark what they quote:
//
//	Gmail gmail_quote, Proton protonmail_quote, Yahoo yahoo_quoted…, Thunderbird moz-cite-prefix and blockquote type=cite,
//	Outlook divRplyFwdMsg, appendonsend, OutlookMessageHeader, mail-editor-reference-message-container and a div with
//	a line on top, Outlook for Mac OLK_SRC_BODY_SECTION, its phones ms-outlook-mobile-reference-message, Hotmail
//	stopSpelling, Zimbra zwchr, Zoho zmail_extra, Tuta tutanota_quote, Samsung composer_… Outlook on the web puts x_, and
//	Hotmail put ecx, before what others wrote.
func quoteMark(name string, attrs map[string]string) mark {
	if len(attrs) == 0 {
		return noQuote
	}
	switch id := strings.TrimPrefix(attrs["id"], "x_"); {
	case id == "":
	case id == "divRplyFwdMsg", id == "appendonsend", id == "stopSpelling", id == "zwchr", id == "replySplit", id == "isReplyContent":
		return quoteBehind
	case id == "OLK_SRC_BODY_SECTION", id == "mail-editor-reference-message-container", strings.HasPrefix(id, "yahoo_quoted_"),
		id == "reply-intro", id == "isForwardContent", id == "qt" && name == "blockquote", id == "ms-outlook-mobile-reference-message":
		return quoteInside
	case (id == "ms-outlook-mobile-signature" || id == "Signature") && name == "div":
		return signatureInside
	}
	if name == "blockquote" && strings.EqualFold(attrs["type"], "cite") || attrs["data-marker"] == "__QUOTED_TEXT__" {
		return quoteInside
	}
	for class := range strings.FieldsSeq(attrs["class"]) {
		if m := quoteClass(name, strings.TrimPrefix(strings.TrimPrefix(class, "x_"), "ecx")); m != noQuote {
			return m
		}
	}
	if name == "div" && outlookLine(attrs["style"]) {
		return quoteBehind
	}
	return noQuote
}

// quoteClass knows the classes of the programs.
func quoteClass(name, class string) mark {
	switch class {
	case "OutlookMessageHeader":
		return quoteBehind
	case "gmail_quote", "protonmail_quote":
		if name == "div" {
			return quoteHolder
		}
		return quoteInside
	case "gmail_quote_container":
		return quoteHolder
	case "moz-cite-prefix", "gmail_attr":
		return headerInside
	case "moz-forward-container":
		return forwardInside
	case "ms-outlook-mobile-reference-message", "mail_android_quote", "zmail_extra", "tutanota_quote", "airmail_on", "moz-email-headers-table", "skiff_quote", "spark_quote":
		return quoteInside
	case "gmail_signature", "moz-signature", "protonmail_signature_block":
		return signatureInside
	}
	if strings.HasPrefix(class, "yahoo_quoted") {
		return quoteInside
	}
	return noQuote
}

// outlookLine tells the style of the div that Outlook for Windows, and Windows Mail, put around the header of the quoted mail.
func outlookLine(style string) bool {
	if len(style) > 500 || !strings.Contains(style, "border-top") {
		return false
	}
	style = strings.ToLower(strings.ReplaceAll(style, " ", ""))
	return strings.Contains(style, "border:none;border-top:solid") && strings.Contains(style, "1.0pt;padding:3.0pt0") ||
		strings.HasPrefix(style, "padding-top:5px;border-top-color:rgb(229,229,229);border-top-width:1px")
}
