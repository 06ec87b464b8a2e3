package formats_test

import (
	"fmt"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/formats"
)

// A program that reads whatever it is shown.
func ExampleAll() {
	for _, f := range formats.All() {
		fmt.Println(f.Name())
	}
	_, err := credential.Inspect(formats.All(), []byte("neither of these"))
	fmt.Println(err)
	// Output:
	// hcert
	// w3c
	// w3c-jwt
	// w3c-sd-jwt
	// w3c-cose
	// sd-jwt-vc
	// unrecognised or malformed: another format than those accepted
}
