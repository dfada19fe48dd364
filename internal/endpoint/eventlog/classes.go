package eventlog

import (
	"vitrine/internal/endpoint/event"
)

// class is an OCSF class with one of its activities.
type class struct {
	uid          int
	name         string
	activity     int
	activityName string
}

// classes of kinds whose activity is always the same.
func fixedClass(k event.Kind) (class, bool) {
	c, ok := map[event.Kind]class{
		event.Detection:  {2004, "Detection Finding", 1, "Create"},
		event.Incomplete: {1001, "File System Activity", 2, "Read"},
		event.Timeout:    {1001, "File System Activity", 14, "Open"},
		event.Blind:      {1007, "Process Activity", 1, "Launch"},
		event.Gap:        {6002, "Application Lifecycle", 99, "Gap"},
		event.Change:     {6002, "Application Lifecycle", 8, "Update"},
		event.Degraded:   {6008, "Application Error", 1, "General Error"},
		event.Overflow:   {6008, "Application Error", 1, "General Error"},
		event.Worker:     {6008, "Application Error", 1, "General Error"},
		event.Lost:       {6008, "Application Error", 1, "General Error"},
	}[k]
	return c, ok
}

// classOf says what an event is in OCSF. One that lacks what its class must have
// is told as an error of the program, which is what it is.
func classOf(e *event.Event) class {
	c := classOfKind(e)
	needsFile, needsProcess := c.uid == 1001 || c.uid == 7002, c.uid == 1007
	if needsFile && e.File == nil || needsProcess && e.Process == nil {
		return class{6008, "Application Error", 1, "General Error"}
	}
	return c
}

func classOfKind(e *event.Event) class {
	if c, ok := fixedClass(e.Kind); ok {
		return c
	}
	switch e.Kind {
	case event.Network:
		if e.Connection != nil && e.Connection.Protocol == "dns" {
			return class{4003, "DNS Activity", 1, "Query"}
		}
		return class{4001, "Network Activity", 5, "Refuse"}
	case event.Quarantine:
		return class{7002, "File Remediation Activity", 99, "Other"}.remedy(e.Actions)
	case event.Switch:
		if e.Severity > event.Info {
			return class{6002, "Application Lifecycle", 7, "Disable"}
		}
		return class{6002, "Application Lifecycle", 6, "Enable"}
	case event.Sweep:
		if e.Duration > 0 {
			return class{6007, "Scan Activity", 2, "Completed"}
		}
		return class{6007, "Scan Activity", 1, "Started"}
	}
	return class{0, "Base Event", 99, "Other"}
}

// remedy is the activity of what the quarantine did.
func (c class) remedy(actions []event.Action) class {
	for _, a := range actions {
		switch a {
		case event.Quarantined:
			c.activity, c.activityName = 1, "Isolate"
		case event.Deleted:
			c.activity, c.activityName = 2, "Evict"
		case event.Restored:
			c.activity, c.activityName = 3, "Restore"
		case event.Exported:
			c.activityName = "Export"
		}
	}
	return c
}

// outcome is OCSF's disposition and action for what was done; the weightiest
// counts.
func outcome(actions []event.Action) (disposition int, name string, action int, actionName string) {
	for _, a := range actions {
		d, n, id, an := outcomeOf(a)
		if weight(d) > weight(disposition) {
			disposition, name, action, actionName = d, n, id, an
		}
	}
	return disposition, name, action, actionName
}

func outcomeOf(a event.Action) (int, string, int, string) {
	switch a {
	case event.Quarantined:
		return 3, "Quarantined", 2, "Denied"
	case event.Blocked:
		return 2, "Blocked", 2, "Denied"
	case event.Killed:
		return 7, "Custom Action", 2, "Denied"
	case event.Deleted:
		return 5, "Deleted", 2, "Denied"
	case event.Restored:
		return 9, "Restored", 4, "Modified"
	case event.Allowed:
		return 1, "Allowed", 1, "Allowed"
	case event.Reported:
		return 15, "Detected", 3, "Observed"
	case event.Exported:
		return 17, "Logged", 3, "Observed"
	}
	return 99, "Other", 99, "Other"
}

// weight orders dispositions: what took most away from the malware first.
func weight(disposition int) int {
	return map[int]int{5: 9, 3: 8, 2: 7, 7: 6, 9: 5, 1: 4, 15: 3, 17: 2, 99: 1}[disposition]
}
