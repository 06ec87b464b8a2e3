// Package formats lists every format of the module, for programs that accept
// them all. An app that accepts one imports that one alone.
package formats

import (
	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof/bbs"
)

// All returns every format in its default, tolerant form. Each knows its own
// input by how it begins or, of tokens, by what they are called and hold, so
// their order matters only for speed.
func All() []credential.Format {
	return []credential.Format{hcert.Format{}, w3c.Format{BBS: bbs.Scheme{}}, w3c.JWT{}, w3c.SDJWT{}, w3c.COSE{}, sdjwt.Format{}}
}
