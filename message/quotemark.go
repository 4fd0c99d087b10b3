package message

import "strings"

// mark says what an element's attributes tell of quotation.
type mark int

const (
	noQuote     mark = iota
	quoteInside      // the element's content is quoted
	quoteBehind      // all from here on is quoted
)

// quoteMark knows how mail programs mark what they quote:
//
//	Gmail gmail_quote, Proton protonmail_quote, Yahoo yahoo_quoted…, Thunderbird moz-cite-prefix and blockquote type=cite,
//	Outlook divRplyFwdMsg, appendonsend, OutlookMessageHeader, mail-editor-reference-message-container and a div with
//	a line on top, Outlook for Mac OLK_SRC_BODY_SECTION. Outlook on the web puts x_ before what others wrote.
func quoteMark(name string, attrs map[string]string) mark {
	id := strings.TrimPrefix(attrs["id"], "x_")
	switch {
	case id == "divRplyFwdMsg", id == "appendonsend":
		return quoteBehind
	case id == "OLK_SRC_BODY_SECTION", id == "mail-editor-reference-message-container", strings.HasPrefix(id, "yahoo_quoted_"):
		return quoteInside
	case name == "blockquote" && strings.EqualFold(attrs["type"], "cite"):
		return quoteInside
	}
	for class := range strings.FieldsSeq(attrs["class"]) {
		switch class = strings.TrimPrefix(class, "x_"); {
		case class == "OutlookMessageHeader":
			return quoteBehind
		case class == "gmail_quote", class == "gmail_quote_container", class == "protonmail_quote", class == "moz-cite-prefix",
			strings.HasPrefix(class, "yahoo_quoted"):
			return quoteInside
		}
	}
	if name == "div" && outlookLine(attrs["style"]) {
		return quoteBehind
	}
	return noQuote
}

// outlookLine tells the style of the div that Outlook for Windows puts around the header of the quoted mail.
func outlookLine(style string) bool {
	if len(style) > 500 || !strings.Contains(style, "border-top") {
		return false
	}
	style = strings.ToLower(strings.ReplaceAll(style, " ", ""))
	return strings.Contains(style, "border:none;border-top:solid#") && strings.Contains(style, "1.0pt;padding:3.0pt0")
}
