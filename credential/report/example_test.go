package report_test

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/report"
)

func ExampleNew() {
	// What Verifier.Verify returned for a card that has expired.
	err := &credential.Error{Checks: []credential.Check{
		{Name: credential.CheckFormat, Subject: "hcert", Outcome: credential.Passed},
		{Name: credential.CheckTime, Outcome: credential.Failed, Err: credential.ErrExpired},
	}}
	r := report.New(nil, err)
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	_ = out.Encode(r)
	fmt.Println(report.Text(r.Reasons[0].Code, "en"))
	fmt.Println(report.Text(r.Reasons[0].Code, "id"))
	// Output:
	// {
	//   "v": 1,
	//   "verdict": "refused",
	//   "reasons": [
	//     {
	//       "code": "time.expired"
	//     }
	//   ],
	//   "format": "hcert",
	//   "checks": [
	//     {
	//       "name": "format",
	//       "subject": "hcert",
	//       "outcome": "passed"
	//     },
	//     {
	//       "name": "time",
	//       "outcome": "failed",
	//       "detail": "outside validity period: expired"
	//     }
	//   ]
	// }
	// The credential has expired. Ask for one that is still valid.
	// Sertifikat sudah kedaluwarsa. Mintalah yang masih berlaku.
}
