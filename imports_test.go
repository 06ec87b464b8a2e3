package sanad_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/sanad-credentials/sanad"

// rules says what each package may import of this module; the first pattern
// that matches a package counts. A pattern ending in /... matches what lies
// below, not the package itself.
var rules = []struct {
	pkg string
	may []string
}{
	{"internal/testnet", []string{"proof", "trustlist", "credential", "credential/status", "credential/w3c"}},
	{"internal/...", []string{"proof", "internal/..."}},
	{"proof", []string{"internal/..."}},
	{"proof/sdjwt", []string{"proof", "proof/jose", "internal/..."}},
	{"proof/...", []string{"proof", "internal/..."}},
	{"did", []string{"proof", "internal/..."}},
	{"did/...", []string{"did", "proof", "internal/..."}},
	{"trustlist", []string{"proof", "internal/..."}},
	{"trustlist/quorum", []string{"trustlist", "proof", "internal/..."}},
	{"trustlist/gdhcn/...", []string{"trustlist", "trustlist/gdhcn", "trustlist/gdhcn/onboarding", "proof", "internal/..."}},
	{"trustlist/refresh", []string{"trustlist", "proof", "internal/..."}}, // parsers are given to it
	{"trustlist/...", []string{"trustlist", "proof", "proof/...", "did", "did/...", "internal/..."}},
	{"credential", []string{"proof", "trustlist", "internal/..."}},
	{"schema", []string{"credential", "credential/hcert", "proof", "trustlist", "internal/..."}},
	{"schema/vct", []string{"credential", "credential/sdjwt", "proof", "internal/..."}},
	{"schema/...", []string{"schema", "credential", "proof", "trustlist", "internal/..."}},
	{"credential/status", []string{"credential", "credential/hcert", "proof", "proof/...", "trustlist", "internal/..."}},
	{"credential/report", []string{"credential", "proof", "trustlist", "internal/..."}},
	{"credential/formats", []string{"credential", "credential/...", "schema", "proof", "proof/...", "trustlist", "trustlist/...", "did", "did/...", "internal/..."}},
	{"credential/sdjwt/web", []string{"proof", "internal/..."}},
	{"credential/...", []string{"credential", "proof", "proof/...", "trustlist", "internal/..."}}, // the formats
	{"qr", []string{"internal/..."}},
	{"", nil},
}

// mayFetch are the packages that may open connections.
var mayFetch = []string{"did/web", "trustlist/refresh", "credential/sdjwt/web", "internal/fetch/fetchtest"}

func matches(pattern, pkg string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(pkg, below+"/")
	}
	return pattern == pkg
}

func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	require.NoError(t, err, "go list %v", args)
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestPromiseImportsPointOneWay(t *testing.T) {
	lines := list(t, "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	require.Greater(t, len(lines), 10)
	for _, line := range lines {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(strings.TrimPrefix(fields[0], module), "/")
		if strings.HasPrefix(pkg, "examples/") {
			continue // nothing may import these: no rule lets anyone
		}
		i := slices.IndexFunc(rules, func(r struct {
			pkg string
			may []string
		}) bool {
			return matches(r.pkg, pkg)
		})
		if i < 0 {
			t.Errorf("no rule for package %s: decide what it may import", pkg)
			continue
		}
		for _, imp := range fields[1:] {
			own, ok := strings.CutPrefix(imp, module+"/")
			if ok && own == "internal/fetch" && !slices.Contains(mayFetch, pkg) {
				t.Errorf("%s must not reach the network", pkg)
			}
			if ok && !slices.ContainsFunc(rules[i].may, func(p string) bool { return matches(p, own) }) {
				t.Errorf("%s must not import %s", pkg, own)
			}
		}
	}
}

// An offline verifier can be audited: what it is made of reaches no network and
// no parser of JSON-LD or XML.
func TestPromiseOfflineVerifierHasNoNetwork(t *testing.T) {
	for _, pkg := range []string{"./credential/hcert", "./credential/status", "./credential/report", "./schema", "./schema/vct", "./trustlist", "./trustlist/gdhcn", "./trustlist/gdhcn/onboarding", "./trustlist/gdhcn/enroll", "./trustlist/pem", "./trustlist/jwks", "./trustlist/quorum", "./trustlist/vci", "./proof/cose", "./proof/jose", "./proof/jose/jwe", "./proof/sdjwt", "./credential/sdjwt", "./proof/dataintegrity", "./did", "./did/key", "./did/jwk"} {
		for _, dep := range list(t, "-deps", pkg) {
			switch {
			case dep == "net/http", dep == "encoding/xml", strings.Contains(dep, "json-gold"), strings.Contains(dep, "etree"),
				dep == module+"/internal/fetch", dep == module+"/internal/jsonld":
				t.Errorf("%s depends on %s", pkg, dep)
			}
		}
	}
}

// Pairings are for those who take BBS in: a verifier without it carries none of
// that arithmetic, even where it resolves and lists BBS keys.
func TestPromisePairingsOnlyWhereAskedFor(t *testing.T) {
	for _, line := range list(t, "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./credential/...", "./proof", "./proof/cose", "./proof/dataintegrity/...", "./did/...", "./trustlist/...", "./schema/...") {
		pkg, deps, _ := strings.Cut(line, " ")
		if pkg == module+"/credential/formats" {
			continue // it is for those who want all there is
		}
		for _, dep := range strings.Fields(deps) {
			if strings.Contains(dep, "circl") || dep == module+"/proof/bbs" {
				t.Errorf("%s depends on %s", pkg, dep)
			}
		}
	}
}

// No type of another module appears in an exported signature. The packages
// that import other modules are few; each is looked at here.
func TestPromiseNoForeignTypesExported(t *testing.T) {
	for _, pkg := range list(t, "./...") {
		if strings.Contains(pkg, "/internal/") || strings.Contains(pkg, "/examples/") {
			continue
		}
		out, err := exec.Command("go", "doc", "-short", pkg).Output()
		require.NoError(t, err, pkg)
		for _, foreign := range []string{"cbor.", "secp256k1.", "qrcode.", "gozxing.", "jwk.", "jwt.", "jws.", "ld.", "multibase.", "zlib.", "bls12381."} {
			require.NotContains(t, string(out), " "+foreign, pkg)
			require.NotContains(t, string(out), "*"+foreign, pkg)
		}
	}
}
