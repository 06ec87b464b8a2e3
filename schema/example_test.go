package schema_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/schema"
)

// An issuer holds its own certificates to the letter before they are signed.
func ExampleHealth() {
	card := &hcert.ICVP{
		Name: "Jane Doe", DateOfBirth: "1964-01-01", Sex: "female", Nationality: "IDN",
		Vaccinations: []hcert.Dose{{
			Product: "MeningococcalACYW135TetaProduct85e37fdf8b368c828f1e3bf048f6ca6d",
			Date:    "2026-03-01", Issuer: "Ministry of Health",
		}},
	}
	draft := hcert.NewICVP("ID", "card-1", card, time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), time.Time{})
	checker := schema.Health{Strict: true, ValueSets: true}

	err := checker.CheckSchema(context.Background(), &draft.Credential)
	fmt.Println(err)
	fmt.Println(errors.Is(err, credential.ErrSchema))

	card.Vaccinations[0].Batch = "U7441AA"
	fmt.Println(checker.CheckSchema(context.Background(), &draft.Credential))
	// Output:
	// icvp: v/0/bo: missing or empty: content does not fit its schema
	// true
	// <nil>
}

func ExampleValueSet() {
	fmt.Println(schema.ValueSet("vaccines-covid-19-names").Display("EU/1/20/1528"))
	fmt.Println(schema.ValueSet("covid-19-lab-result").Display("260415000"))
	fmt.Println(schema.ValueSet("icvp-products").Display("YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0"))
	fmt.Println(schema.ValueSet("country-2-codes").Display("XX"))
	// Output:
	// Comirnaty
	// Not detected
	// Yellow fever: STAMARIL, Sanofi Pasteur, 10 doses
	// XX
}
