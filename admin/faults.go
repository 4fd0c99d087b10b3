package admin

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"smartmail/fault"
)

// statusOf is the one table from a fault to a status of RFC 9110, and to Retry-After in seconds where trying again makes
// sense. What nobody classified is 500; trouble of ours that is known to pass is 503.
func statusOf(err error) (status int, retryAfter string) {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return http.StatusNotFound, ""
	case fault.Forbidden, fault.Unauthenticated:
		return http.StatusForbidden, ""
	case fault.Conflict:
		return http.StatusConflict, ""
	case fault.Exists: // RFC 9110 section 13.1.2: If-None-Match is the one way to ask for it
		return http.StatusPreconditionFailed, ""
	case fault.Invalid, fault.Loop, fault.BareNewline, fault.Content:
		return http.StatusUnprocessableEntity, ""
	case fault.Busy:
		var s slow
		if errors.As(err, &s) {
			return http.StatusTooManyRequests, strconv.Itoa(int(math.Ceil(s.wait.Seconds())))
		}
		return http.StatusTooManyRequests, "5"
	case fault.TooBig:
		return http.StatusRequestEntityTooLarge, ""
	}
	var known *fault.Error
	if errors.As(err, &known) || errors.Is(err, context.DeadlineExceeded) {
		return http.StatusServiceUnavailable, "5"
	}
	return http.StatusInternalServerError, ""
}

// problem is what the other side gets to see of an error.
func problem(err error) error {
	status, retry := statusOf(err)
	p := huma.NewError(status, fault.Public(err))
	if retry == "" {
		return p
	}
	return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {retry}})
}
