package message

import (
	"html"
	"net/url"
	"regexp"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// policy is, with filterTags, what HTML of strangers may do in our pages: be read. No scripts, style sheets, forms, frames, and nothing
// that is fetched from elsewhere when the mail is opened. Pictures of the mail itself keep their cid: source (RFC 2392),
// for whoever shows it to resolve, and those written into the HTML stay.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElementsContent("object") // what stands in for it; one that is never closed would take the rest of the mail with it
	p.AllowElements("a", "abbr", "address", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup",
		"dd", "del", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li",
		"ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td",
		"tfoot", "th", "thead", "tr", "tt", "u", "ul", "var")
	p.AllowNoAttrs().OnElements("span", "font")
	p.AllowStandardURLs()
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid", "data")
	p.AllowRelativeURLs(false)
	p.AllowAttrs("href").Matching(regexp.MustCompile(`^(?i)\s*(https?|mailto|tel):`)).OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^(?i)(cid:|data:image/(?:png|jpeg|gif|webp);base64,[a-z0-9+/=\s]*$)`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img") // without a source it shows in the picture's place
	size := regexp.MustCompile(`^[0-9]{1,4}%?$`)
	p.AllowAttrs("width", "height").Matching(size).OnElements("table", "td", "th", "col", "img")
	p.AllowAttrs("border", "cellpadding", "cellspacing").Matching(regexp.MustCompile(`^[0-9]{1,2}$`)).OnElements("table")
	p.AllowAttrs("colspan", "rowspan").Matching(size).OnElements("td", "th")
	p.AllowAttrs("start").Matching(size).OnElements("ol")
	p.AllowAttrs("color", "bgcolor").Matching(regexp.MustCompile(`^(?i)(?:#[0-9a-f]{3,8}|[a-z]{3,20})$`)).OnElements("font", "table", "tr", "td", "th")
	p.AllowAttrs("align", "valign").Matching(bluemonday.Paragraph).OnElements("table", "tr", "td", "th", "p", "div", "img")
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^cite$`)).OnElements("blockquote")
	p.AllowAttrs("style").Matching(regexp.MustCompile(`^[-a-z0-9#%.,():; ]+$`)).Globally() // what filterTags leaves
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true) // adds rel=noopener
	p.SkipElementsContent("script", "style", "title", "noscript", "iframe", "svg", "math")
	return p
})

// sanitise applies the policy. It works on tokens: nesting costs nothing.
func sanitise(src string) string { return clean(policy().Sanitize(filterTags(src))) }

// cidSource finds pictures that lie in the mail itself (RFC 2392). In sanitised HTML only an attribute has a bare quote.
var cidSource = regexp.MustCompile(`src="(?i:cid):([^"]*)"`)

// Inlined gives pictures in sanitised HTML that lie in the mail itself the source that the function knows for their
// Content-ID, as a URL; ok is false where it knows none, and the picture stays as it is.
func Inlined(sanitised string, source func(contentID string) (location string, ok bool)) string {
	return cidSource.ReplaceAllStringFunc(sanitised, func(attribute string) string {
		id := html.UnescapeString(cidSource.FindStringSubmatch(attribute)[1])
		if plain, err := url.PathUnescape(id); err == nil {
			id = plain
		}
		if location, ok := source(id); ok {
			return `src="` + html.EscapeString(location) + `"`
		}
		return attribute
	})
}
