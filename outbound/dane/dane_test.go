package dane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// issue makes a certificate; without an issuer it signs itself.
func issue(t *testing.T, name string, until time.Time, issuer *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: until, BasicConstraintsValid: true}
	if issuer == nil {
		tmpl.IsCA, issuer, signer = true, tmpl, key
	} else {
		tmpl.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, issuer, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, key
}

// record describes a certificate.
func record(usage, selector, matching uint8, c *x509.Certificate) Record {
	data := c.Raw
	if selector == selectKey {
		data = c.RawSubjectPublicKeyInfo
	}
	switch matching {
	case matchSHA256:
		sum := sha256.Sum256(data)
		data = sum[:]
	case matchSHA512:
		sum := sha512.Sum512(data)
		data = sum[:]
	}
	return Record{usage, selector, matching, data}
}

func TestVerify(t *testing.T) {
	later, before := noon.AddDate(1, 0, 0), noon.AddDate(0, -1, 0)
	root, rootKey := issue(t, "root", later, nil, nil)
	other, otherKey := issue(t, "other", later, nil, nil)
	leaf, _ := issue(t, "mx.example", later, root, rootKey)
	old, _ := issue(t, "mx.example", before, root, rootKey)
	foreign, _ := issue(t, "mx.example", later, other, otherKey)
	tests := map[string]struct {
		records []Record
		sent    []*x509.Certificate
		name    string
		want    bool
	}{
		"nothing sent":                {[]Record{record(3, 0, 1, leaf)}, nil, "mx.example", false},
		"EE expired":                  {[]Record{record(3, 1, 1, old)}, []*x509.Certificate{old}, "mx.example", true},
		"EE of another name":          {[]Record{record(3, 1, 1, leaf)}, []*x509.Certificate{leaf}, "else.example", true},
		"EE is not the issuer":        {[]Record{record(3, 1, 1, root)}, []*x509.Certificate{leaf, root}, "mx.example", false},
		"EE, one of two":              {[]Record{record(3, 1, 1, foreign), record(3, 1, 1, leaf)}, []*x509.Certificate{leaf}, "mx.example", true},
		"TA expired":                  {[]Record{record(2, 0, 1, root)}, []*x509.Certificate{old, root}, "mx.example", false},
		"TA of another name":          {[]Record{record(2, 0, 1, root)}, []*x509.Certificate{leaf, root}, "else.example", false},
		"TA not sent":                 {[]Record{record(2, 0, 1, root)}, []*x509.Certificate{leaf}, "mx.example", false},
		"TA not sent, in the record":  {[]Record{record(2, 0, 0, root)}, []*x509.Certificate{leaf}, "mx.example", true},
		"TA sent, another's leaf":     {[]Record{record(2, 0, 1, root)}, []*x509.Certificate{foreign, root}, "mx.example", false},
		"TA is the leaf":              {[]Record{record(2, 0, 1, leaf)}, []*x509.Certificate{leaf, root}, "mx.example", false},
		"TA fails, EE fits":           {[]Record{record(2, 0, 1, other), record(3, 0, 2, leaf)}, []*x509.Certificate{leaf, root}, "mx.example", true},
		"records of another":          {[]Record{record(3, 0, 0, foreign)}, []*x509.Certificate{leaf, root}, "mx.example", false},
		"no record":                   {nil, []*x509.Certificate{leaf, root}, "mx.example", false},
		"a record of another's usage": {[]Record{record(1, 0, 1, leaf)}, []*x509.Certificate{leaf, root}, "mx.example", false},
	}
	for usage, of := range map[uint8]*x509.Certificate{usageTA: root, usageEE: leaf} {
		for _, selector := range []uint8{selectCert, selectKey} {
			for _, matching := range []uint8{matchFull, matchSHA256, matchSHA512} {
				r := record(usage, selector, matching, of)
				if len(Usable([]Record{r})) != 1 {
					t.Errorf("%d %d %d is not usable", usage, selector, matching)
				}
				if err := Verify([]Record{r}, []*x509.Certificate{leaf, root}, noon, "mx.example"); err != nil {
					t.Errorf("%d %d %d: %v", usage, selector, matching, err)
				}
			}
		}
	}
	for name, tc := range tests {
		err := Verify(tc.records, tc.sent, noon, tc.name)
		if (err == nil) != tc.want || err != nil && !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUsable(t *testing.T) {
	d256, d512 := make([]byte, 32), make([]byte, 64)
	strong, full := Record{3, 1, 2, d512}, Record{2, 1, 1, d256}
	got := Usable([]Record{
		{0, 0, 1, d256}, {1, 0, 1, d256}, {4, 0, 1, d256}, {255, 0, 1, d256}, // usages
		{3, 2, 1, d256}, {3, 0, 3, d256}, // selector, matching type
		{3, 0, 1, d512}, {3, 0, 2, d256}, {3, 0, 1, nil}, {3, 0, 0, d256}, {3, 1, 0, d256}, // data of another type
		{3, 1, 1, d256}, strong, full, // the weaker digest of the same thing
	})
	if !slices.EqualFunc(got, []Record{strong, full}, func(a, b Record) bool { return a.Usage == b.Usage && a.Matching == b.Matching }) {
		t.Errorf("usable: %v", got)
	}
	if got := Usable(slices.Repeat([]Record{full}, 500)); len(got) != maxRecords {
		t.Errorf("%d of 500 records are looked at", len(got))
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(uint8(3), uint8(1), uint8(1), make([]byte, 32))
	f.Add(uint8(2), uint8(0), uint8(0), []byte{0x30, 0x03, 0x02, 0x01, 0x01})
	f.Fuzz(func(t *testing.T, usage, selector, matching uint8, data []byte) {
		r := Record{usage, selector, matching, data}
		for _, u := range Usable([]Record{r}) {
			if u.Usage != usageTA && u.Usage != usageEE {
				t.Errorf("usage %d is usable", u.Usage)
			}
		}
		c := &x509.Certificate{Raw: []byte("certificate"), RawSubjectPublicKeyInfo: []byte("key")}
		if usage != usageTA && usage != usageEE && Verify([]Record{r}, []*x509.Certificate{c}, time.Time{}, "mx.example") == nil {
			t.Error("a record that is not usable proves something")
		}
	})
}
