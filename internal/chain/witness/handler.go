package witness

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Handler serves a witness over HTTP: POST /add-checkpoint for logs, and
// GET /<hash of the origin>/checkpoint for monitors. Report, if not nil, is
// told of each refusal and error.
func Handler(w *Witness, report func(format string, args ...any)) http.Handler {
	if report == nil {
		report = func(string, ...any) {}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", func(out http.ResponseWriter, in *http.Request) {
		addCheckpoint(w, out, in, report)
	})
	for _, origin := range w.Origins() {
		mux.HandleFunc("GET /"+OriginHash(origin)+"/checkpoint", func(out http.ResponseWriter, in *http.Request) {
			newest(w, origin, out)
		})
	}
	return mux
}

func addCheckpoint(w *Witness, out http.ResponseWriter, in *http.Request, report func(string, ...any)) {
	body, err := io.ReadAll(http.MaxBytesReader(out, in.Body, MaxRequest))
	if err != nil {
		http.Error(out, "the request is too large, or broke off", http.StatusBadRequest)
		return
	}
	request, err := ParseRequest(body)
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	line, err := w.Add(request)
	var refusal *Refusal
	switch {
	case err == nil:
		out.Header().Set("Content-Type", "text/plain; charset=utf-8")
		out.Write(line)
	case errors.As(err, &refusal):
		report("refused a checkpoint of %s: %s", originOf(request.Checkpoint), refusal.Reason)
		answer(out, refusal)
	default:
		report("%v", err)
		http.Error(out, "the witness cannot keep its state now", http.StatusInternalServerError)
	}
}

// answer tells a refusal in the words of the protocol.
func answer(out http.ResponseWriter, r *Refusal) {
	if r.Kind == Stale {
		out.Header().Set("Content-Type", "text/x.tlog.size")
		out.WriteHeader(http.StatusConflict)
		fmt.Fprintf(out, "%d\n", r.Size)
		return
	}
	status := map[Kind]int{
		Malformed:    http.StatusBadRequest,
		UnknownLog:   http.StatusNotFound,
		BadSignature: http.StatusForbidden,
		Inconsistent: http.StatusUnprocessableEntity,
	}[r.Kind]
	http.Error(out, r.Reason, status)
}

func newest(w *Witness, origin string, out http.ResponseWriter) {
	data := w.Newest(origin)
	if data == nil {
		http.Error(out, "nothing of this log was cosigned yet", http.StatusNotFound)
		return
	}
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out.Header().Set("Cache-Control", "no-cache")
	out.Write(data)
}
