package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
)

// Where the types of problems are defined: VC Data Model 2.0, section 7.2;
// Bitstring Status List 1.0, section 3.5; Data Integrity 1.0, section 4.8;
// VCALM, on options.
const (
	modelProblem     = "https://www.w3.org/TR/vc-data-model#"
	statusProblem    = "https://www.w3.org/ns/credentials/status-list#"
	integrityProblem = "https://w3id.org/security#"
	optionProblem    = "https://www.w3.org/TR/vcalm#"

	parsingError      = modelProblem + "PARSING_ERROR"
	cryptographyError = modelProblem + "CRYPTOGRAPHIC_SECURITY_ERROR"
	malformedError    = modelProblem + "MALFORMED_VALUE_ERROR"
	rangeError        = modelProblem + "RANGE_ERROR"
	retrievalError    = statusProblem + "STATUS_RETRIEVAL_ERROR"
	statusError       = statusProblem + "STATUS_VERIFICATION_ERROR"
	domainError       = integrityProblem + "INVALID_DOMAIN_ERROR"
	challengeError    = integrityProblem + "INVALID_CHALLENGE_ERROR"
	unknownOption     = optionProblem + "UNKNOWN_OPTION_PROVIDED"

	// noType is the type of what the HTTP status says already (RFC 9457,
	// section 4.2.1).
	noType = "about:blank"
)

// problem is what went wrong, or what was let pass (RFC 9457). It holds no
// claims.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// refusal is a problem that a request has ended with.
type refusal struct {
	problem
	Verified *bool     `json:"verified,omitempty"`
	Errors   []problem `json:"errors"`
	Warnings []problem `json:"warnings,omitempty"`
}

// reply is a whole response: nothing is written before it is complete.
type reply struct {
	status    int
	mediaType string
	body      []byte
	header    http.Header
}

const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
)

// answer makes a reply of what encoding/json can write.
func answer(status int, mediaType string, v any) reply {
	b, err := json.Marshal(v)
	if err != nil {
		// Only a mistake in this program leads here, never a request.
		return reply{status: http.StatusBadRequest, mediaType: problemType, body: []byte(`{"type":"about:blank","title":"Bad Request","status":400,"errors":[]}`)}
	}
	return reply{status: status, mediaType: mediaType, body: b}
}

// refuse makes a reply of one problem.
func refuse(status int, kind, detail string) reply {
	p := problem{Type: kind, Title: titleOf(kind, status), Status: status, Detail: detail}
	return answer(status, problemType, refusal{problem: p, Errors: []problem{p}})
}

func titleOf(kind string, status int) string {
	for i := len(kind) - 1; i >= 0; i-- {
		if kind[i] == '#' {
			return kind[i+1:]
		}
	}
	return http.StatusText(status)
}

// refuseDocument says why a document was not taken: it is no JSON, or breaks a
// rule.
func refuseDocument(err error) reply {
	kind := malformedError
	if errors.Is(err, jcs.ErrSyntax) {
		kind = parsingError
	}
	return refuse(http.StatusBadRequest, kind, err.Error())
}

// problemOf is the problem that a check ended with.
func problemOf(c credential.Check) problem {
	kind := malformedError
	switch c.Name {
	case credential.CheckFormat:
		if errors.Is(c.Err, jcs.ErrSyntax) {
			kind = parsingError
		}
	case credential.CheckProof, credential.CheckTrust, credential.CheckIssuer, credential.CheckHolder:
		kind = cryptographyError
	case credential.CheckTime:
		kind = rangeError
	case credential.CheckStatus:
		kind = statusError
		if errors.Is(c.Err, proof.ErrUnavailable) {
			kind = retrievalError
		}
	}
	detail, subject := string(c.Name), strings.TrimSpace(c.Subject)
	if subject != "" {
		detail += " (" + subject + ")"
	}
	if c.Err != nil {
		detail += ": " + c.Err.Error()
	}
	return problem{Type: kind, Title: titleOf(kind, 0), Detail: detail}
}
