package message

import (
	"bytes"
	"slices"
	"strings"
)

// Labels of attachments and mails, beside those of calendar answers.
const (
	LabelSMIMESigned    = "smime-signed"
	LabelSMIMEEncrypted = "smime-encrypted"
	LabelPGPSigned      = "pgp-signed"
	LabelPGPEncrypted   = "pgp-encrypted"
)

// label tells what protects a leaf (RFC 8551, RFC 3156), from what it is declared to be and how its bytes begin.
// Nothing is verified or decrypted: the mail is kept whole for whoever can.
func (p *part) label(head []byte) string {
	ctype, params := parseParams(p.header.get("Content-Type"))
	name := strings.ToLower(p.fileName)
	switch {
	case strings.HasSuffix(ctype, "pkcs7-signature") || strings.HasSuffix(name, ".p7s"):
		return LabelSMIMESigned
	case strings.HasSuffix(ctype, "pkcs7-mime") || strings.HasSuffix(name, ".p7m"):
		return smimeKind(params["smime-type"], head)
	case ctype == "application/pgp-signature":
		return LabelPGPSigned
	case ctype == "application/pgp-encrypted", p.parent != nil && p.parent.mediaType == "multipart/encrypted":
		return LabelPGPEncrypted
	}
	return inlinePGP(string(head[:min(len(head), 200)]))
}

// smimeKind tells signed from encrypted content by its declared kind, else by the type in the CMS structure
// (RFC 5652 section 3): the last byte of an object identifier.
func smimeKind(kind string, head []byte) string {
	switch strings.ToLower(kind) {
	case "signed-data", "certs-only":
		return LabelSMIMESigned
	case "enveloped-data", "authenveloped-data":
		return LabelSMIMEEncrypted
	}
	if bytes.Contains(head[:min(len(head), 64)], []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02}) {
		return LabelSMIMESigned
	}
	return LabelSMIMEEncrypted
}

// inlinePGP tells text that is protected without MIME (RFC 9580 section 6.2).
func inlinePGP(text string) string {
	switch {
	case strings.Contains(text, "-----BEGIN PGP SIGNED MESSAGE-----"), strings.Contains(text, "-----BEGIN PGP SIGNATURE-----"):
		return LabelPGPSigned
	case strings.Contains(text, "-----BEGIN PGP MESSAGE-----"):
		return LabelPGPEncrypted
	}
	return ""
}

// labelMail collects what is said of the mail as a whole: by its multiparts, its text, and its attachments.
func (c *Content) labelMail(t *tree) {
	add := func(label string) {
		if label != "" && !slices.Contains(c.Labels, label) {
			c.Labels = append(c.Labels, label)
		}
	}
	for _, p := range t.parts {
		if !p.multipart() {
			continue
		}
		_, params := parseParams(p.header.get("Content-Type"))
		protocol := strings.ToLower(params["protocol"])
		switch {
		case p.mediaType == "multipart/encrypted":
			add(LabelPGPEncrypted)
		case p.mediaType == "multipart/signed" && strings.Contains(protocol, "pgp"):
			add(LabelPGPSigned)
		case p.mediaType == "multipart/signed" && strings.Contains(protocol, "pkcs7"):
			add(LabelSMIMESigned)
		}
	}
	add(inlinePGP(c.FullText))
	for _, a := range c.Attachments {
		add(a.Label)
	}
}
