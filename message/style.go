package message

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of the style of one element.
const (
	maxStyle        = 2000 // bytes; those of mail programs have a few hundred
	maxDeclarations = 50
)

// filterTags leaves of the style attributes in HTML what is in styles, and of a picture that lies elsewhere its text, so
// that nothing of a tracking pixel is left. It is done before the policy and not by it, as the library's own reading of
// styles takes more than linear time for escapes.
func filterTags(src string) string {
	if !containsFold(src, "style") && !containsFold(src, "<img") {
		return src
	}
	z := html.NewTokenizer(strings.NewReader(src))
	var out strings.Builder
	out.Grow(len(src))
	seen := map[string]string{} // styles that were filtered; mails repeat them
	for {
		kind := z.Next()
		raw := z.Raw()
		if kind == html.ErrorToken {
			return out.String()
		}
		if (kind != html.StartTagToken && kind != html.SelfClosingTagToken) || !concerns(raw) {
			out.Write(raw)
			continue
		}
		tag := z.Token()
		remote := tag.DataAtom == atom.Img && !slices.ContainsFunc(tag.Attr, ownPicture)
		kept := tag.Attr[:0]
		for _, a := range tag.Attr {
			if a.Key == "style" {
				a.Val = filterOnce(a.Val, seen)
			}
			if remote && a.Key != "alt" || a.Key == "style" && a.Val == "" {
				continue
			}
			kept = append(kept, a)
		}
		tag.Attr = kept
		out.WriteString(tag.String())
	}
}

// maxSeen bounds how many styles are remembered.
const maxSeen = 500

func filterOnce(style string, seen map[string]string) string {
	if filtered, ok := seen[style]; ok {
		return filtered
	}
	filtered := filterStyle(style)
	if len(seen) < maxSeen {
		seen[style] = filtered
	}
	return filtered
}

// concerns tells the tags that filterTags may change. A picture that seems to lie in the mail, and does not, loses its source by
// the policy.
func concerns(raw []byte) bool {
	tag := string(raw[:min(len(raw), maxTag)])
	if containsFold(tag, "style") || len(tag) < len(raw) {
		return true
	}
	return hasPrefixFold(tag, "<img") && !strings.Contains(tag, `src="cid:`) && !strings.Contains(tag, `src="data:image/`)
}

// maxTag is how much of a tag is looked at before it is taken apart.
const maxTag = 4 << 10

// containsFold is strings.Contains without regard to the case of ASCII letters; word is in lower case.
func containsFold(s, word string) bool {
	for {
		i := strings.IndexAny(s, string(word[0])+strings.ToUpper(word[:1]))
		if i < 0 || len(s)-i < len(word) {
			return false
		}
		if strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
		s = s[i+1:]
	}
}

// ownPicture tells a source within the mail.
func ownPicture(a html.Attribute) bool {
	src := strings.TrimSpace(a.Val)
	return a.Key == "src" && (hasPrefixFold(src, "cid:") || hasPrefixFold(src, "data:image/"))
}

// filterStyle leaves the declarations that are harmless. None of their values can hold a quote, an escape or an address.
func filterStyle(style string) string {
	if len(style) > maxStyle {
		return ""
	}
	var kept []string
	n := 0
	for decl := range strings.SplitSeq(strings.ToLower(style), ";") {
		if n++; n > maxDeclarations {
			break
		}
		name, value, _ := strings.Cut(decl, ":")
		name, value = strings.TrimSpace(name), strings.Join(strings.Fields(strings.TrimSuffix(strings.TrimSpace(value), "!important")), " ")
		if pattern := styles[name]; pattern != nil && len(value) <= 100 && pattern.MatchString(value) {
			kept = append(kept, name+": "+value)
		}
	}
	return strings.Join(kept, "; ")
}

// styles are how text and tables may look: colours, weight, widths. Nothing that takes text out of its place or covers
// something else; lengths are never negative.
var styles = stylePatterns(map[string]string{
	"color background background-color border-color border-left-color border-right-color border-top-color border-bottom-color": styleColour,
	"width height max-width min-width text-indent line-height":                                                                 styleLength,
	"padding margin border-width border-spacing":                                                                               styleLength + `(?: ` + styleLength + `){0,3}`,
	"padding-left padding-right padding-top padding-bottom":                                                                    styleLength,
	"margin-left margin-right margin-top margin-bottom":                                                                        styleLength,
	"border border-left border-right border-top border-bottom":                                                                 `(?:none|0|(?:` + styleLine + ` ){0,2}` + styleLine + `)`,
	"font-size":       `(?:[0-9]{1,2}(?:\.[0-9]{1,4})?(?:px|pt|em|rem)|[0-9]{2,3}%|(?:x{0,2}-)?small|medium|(?:x{0,2}-)?large|smaller|larger)`,
	"font-weight":     `(?:normal|bold|bolder|lighter|[1-9]00)`,
	"font-style":      `(?:normal|italic|oblique)`,
	"text-decoration": `(?:none|underline|line-through)`,
	"text-align":      `(?:left|right|center|justify|start|end)`,
	"vertical-align":  `(?:top|middle|bottom|baseline|sub|super)`,
	"white-space":     `(?:normal|nowrap|pre|pre-wrap|pre-line)`,
	"border-collapse": `(?:collapse|separate)`,
	"display":         `(?:none|block|inline|inline-block|table|table-row|table-cell|list-item)`,
	"list-style-type": `(?:none|disc|circle|square|decimal|lower-alpha|upper-alpha|lower-roman|upper-roman)`,
})

const (
	styleLength = `(?:[0-9]{1,4}(?:\.[0-9]{1,4})?(?:px|pt|em|rem|ex|cm|mm|in|%)?|auto)`
	styleColour = `(?:#[0-9a-f]{3,8}|rgba?\([0-9., %]{1,40}\)|[a-z]{3,20})`
	styleLine   = `(?:[0-9]{1,2}(?:\.[0-9]{1,2})?(?:px|pt)|thin|medium|solid|dashed|dotted|double|` + styleColour + `)`
)

func stylePatterns(groups map[string]string) map[string]*regexp.Regexp {
	out := map[string]*regexp.Regexp{}
	for names, pattern := range groups {
		compiled := regexp.MustCompile(`^` + pattern + `$`)
		for _, name := range strings.Fields(names) {
			out[name] = compiled
		}
	}
	return out
}
