package eventlog

import "time"

// OCSF is the version of the Open Cybersecurity Schema Framework that records
// follow.
const OCSF = "1.8.0"

// record is one line. Its fields, their names and numbers are OCSF's; what OCSF
// has no place for is in Unmapped. Texts that come from elsewhere are escaped.
type record struct {
	Time         int64  `json:"time"` // milliseconds since 1970
	ClassUID     int    `json:"class_uid"`
	ClassName    string `json:"class_name"`
	CategoryUID  int    `json:"category_uid"`
	ActivityID   int    `json:"activity_id"`
	ActivityName string `json:"activity_name"`
	TypeUID      int    `json:"type_uid"`
	SeverityID   int    `json:"severity_id"`
	Message      string `json:"message"`

	ActionID      int    `json:"action_id,omitempty"`
	Action        string `json:"action,omitempty"`
	DispositionID int    `json:"disposition_id,omitempty"`
	Disposition   string `json:"disposition,omitempty"`
	IsAlert       bool   `json:"is_alert,omitempty"`

	FindingInfo *findingInfo    `json:"finding_info,omitempty"`
	Evidences   []evidence      `json:"evidences,omitempty"`
	Malware     []malware       `json:"malware,omitempty"`
	Actor       *actor          `json:"actor,omitempty"`
	Process     *process        `json:"process,omitempty"`
	File        *file           `json:"file,omitempty"`
	DstEndpoint *endpoint       `json:"dst_endpoint,omitempty"`
	SrcEndpoint *endpoint       `json:"src_endpoint,omitempty"`
	Connection  *connectionInfo `json:"connection_info,omitempty"`
	Query       *query          `json:"query,omitempty"`
	App         *product        `json:"app,omitempty"`
	Scan        *scan           `json:"scan,omitempty"`
	CommandUID  string          `json:"command_uid,omitempty"`

	Device   *device  `json:"device,omitempty"`
	Metadata metadata `json:"metadata"`
	Unmapped unmapped `json:"unmapped"`
}

type metadata struct {
	Version    string   `json:"version"`
	Product    product  `json:"product"`
	UID        string   `json:"uid"`
	EventCode  string   `json:"event_code"` // the event's kind
	LogName    string   `json:"log_name"`
	LogVersion string   `json:"log_version"`
	Profiles   []string `json:"profiles"`
}

type product struct {
	Name       string `json:"name"`
	VendorName string `json:"vendor_name"`
	Version    string `json:"version,omitempty"`
}

type device struct {
	Hostname string `json:"hostname"`
	TypeID   int    `json:"type_id"`
}

type findingInfo struct {
	UID      string   `json:"uid"`
	Title    string   `json:"title"`
	Types    []string `json:"types"`
	Analytic analytic `json:"analytic"`
}

type analytic struct {
	Name    string `json:"name,omitempty"`
	TypeID  int    `json:"type_id"`
	Version string `json:"version,omitempty"` // identity of the rules
}

type evidence struct {
	Process *process `json:"process,omitempty"`
	File    *file    `json:"file,omitempty"`
}

type malware struct {
	Name              string `json:"name"`
	ClassificationIDs []int  `json:"classification_ids"`
	Provider          string `json:"provider"`
}

type actor struct {
	Process *process `json:"process,omitempty"`
	AppName string   `json:"app_name,omitempty"`
}

type process struct {
	PID       int        `json:"pid"`
	Name      string     `json:"name,omitempty"`
	Path      string     `json:"path,omitempty"`
	CmdLine   string     `json:"cmd_line,omitempty"`
	Created   int64      `json:"created_time,omitempty"`
	User      *user      `json:"user,omitempty"`
	Parent    *process   `json:"parent_process,omitempty"`
	Container *container `json:"container,omitempty"`
}

type user struct {
	UID string `json:"uid"`
}

type container struct {
	UID string `json:"uid"`
}

type file struct {
	Name   string        `json:"name"`
	Path   string        `json:"path"`
	TypeID int           `json:"type_id"`
	Size   int64         `json:"size"`
	Hashes []fingerprint `json:"hashes,omitempty"`
}

type fingerprint struct {
	AlgorithmID int    `json:"algorithm_id"`
	Algorithm   string `json:"algorithm"`
	Value       string `json:"value"`
}

type endpoint struct {
	IP       string `json:"ip,omitempty"`
	Port     int    `json:"port,omitempty"`
	Hostname string `json:"hostname,omitempty"`
}

type connectionInfo struct {
	ProtocolName string `json:"protocol_name,omitempty"`
	DirectionID  int    `json:"direction_id"`
}

type query struct {
	Hostname string `json:"hostname"`
}

type scan struct {
	Name   string `json:"name"`
	TypeID int    `json:"type_id"`
}

// unmapped is what OCSF has no place for.
type unmapped struct {
	TimeNS     string        `json:"time_ns"` // the time to the nanosecond, as RFC 3339 writes it
	Actions    []string      `json:"actions,omitempty"`
	Argv       []string      `json:"argv,omitempty"`
	Started    string        `json:"started,omitempty"` // of the process, likewise
	FileID     *fileID       `json:"file_id,omitempty"`
	Indicator  *indicator    `json:"indicator,omitempty"`
	Findings   []finding     `json:"findings,omitempty"`
	Rules      string        `json:"rules,omitempty"`
	Quarantine string        `json:"quarantine,omitempty"`
	Duration   time.Duration `json:"duration_ns,omitempty"`
	Count      int64         `json:"count,omitempty"`
	Other      *other        `json:"other,omitempty"`
}

// other is what a class has no attribute for.
type other struct {
	File       *file           `json:"file,omitempty"`
	Endpoint   *endpoint       `json:"dst_endpoint,omitempty"`
	Connection *connectionInfo `json:"connection_info,omitempty"`
	Query      *query          `json:"query,omitempty"`
}

type fileID struct {
	Dev     uint64 `json:"dev"`
	Ino     uint64 `json:"ino"`
	Size    int64  `json:"size"`
	MtimeNS int64  `json:"mtime_ns"`
	CtimeNS int64  `json:"ctime_ns"`
}

type indicator struct {
	Text string `json:"text"` // as it stands in the list
	List string `json:"list,omitempty"`
	By   string `json:"by"`
}

type finding struct {
	Name   string   `json:"name"`
	Path   []string `json:"path,omitempty"`
	Digest string   `json:"digest,omitempty"`
}
