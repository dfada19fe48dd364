package magic

import (
	"bytes"
	"encoding/json"
	"path"
	"strings"
)

const (
	jsonLook = 1 << 20 // longer files are not tried
	xmlLook  = 1 << 12
)

// language asks for the languages that are known by how a text begins.
func language(data []byte, e encoding) kind {
	body := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if at(body, 0, "#!") {
		return script(firstLine(body), e)
	}
	low := strings.ToLower(string(body[:min(len(body), xmlLook)]))
	begin := strings.TrimLeft(low, " \t\r\n")
	plain := func(name, mime string) kind { return kind{name + ", " + e.name + " text" + lines(e.text), mime} }
	switch {
	case strings.HasPrefix(low, "<?php"):
		return plain("PHP script", "text/x-php")
	case strings.HasPrefix(low, "<?xml") && strings.Contains(low, "<svg"), strings.HasPrefix(low, "<svg"):
		return kind{"SVG Scalable Vector Graphics image", "image/svg+xml"}
	case strings.HasPrefix(low, `<?xml version="`) && len(low) > 18:
		return plain("XML "+low[15:18]+" document", "text/xml")
	case strings.HasPrefix(begin, "<!doctype html"), strings.HasPrefix(begin, "<html"), strings.HasPrefix(begin, "<head"):
		return plain("HTML document", "text/html")
	case strings.HasPrefix(low, "@echo off"):
		return plain("DOS batch file", "text/x-msdos-batch")
	case strings.HasPrefix(low, "received:"):
		return plain("RFC 822 mail", "message/rfc822")
	case at(body, 0, "From: "):
		return plain("news or mail", "message/rfc822")
	case at(body, 0, "REGEDIT4"):
		return kind{"Windows Registry text (Win95 or above)", "text/x-ms-regedit"}
	case at(body, 0, "Windows Registry Editor Version 5.00"):
		return kind{"Windows Registry text (Win2K or above)", "text/x-ms-regedit"}
	case at(body, 0, "-----BEGIN CERTIFICATE-----"):
		return kind{"PEM certificate", "text/plain"}
	case at(body, 0, "-----BEGIN RSA PRIVATE"):
		return kind{"PEM RSA private key", "text/plain"}
	case (strings.HasPrefix(begin, "{") || strings.HasPrefix(begin, "[")) && len(body) <= jsonLook && json.Valid(body):
		return kind{"JSON text data", "application/json"}
	}
	return kind{}
}

// script knows the interpreters. The rest of the line is part of the name of an
// unknown one.
func script(line string, e encoding) kind {
	command := strings.TrimLeft(line[2:], " \t")
	program, _, _ := strings.Cut(command, " ")
	name := path.Base(program)
	direct := true
	if program == "/usr/bin/env" {
		command = strings.TrimLeft(strings.TrimPrefix(command, program), " \t")
		name, _, _ = strings.Cut(command, " ")
		direct = false
	}
	ending := ", " + e.name + " text executable" + lines(e.text)
	switch {
	case strings.HasPrefix(name, "perl"):
		return kind{"Perl script text executable", "text/x-perl"}
	case name == "node":
		return kind{"Node.js script executable, " + e.name + " text" + lines(e.text), "application/javascript"}
	}
	if k := interpreter(name, path.Dir(program), direct); k.name != "" {
		return kind{k.name + ending, k.mime}
	}
	return kind{"a " + command + " script" + ending, "text/plain"}
}

// interpreter names a script by what runs it; some shells are known in /bin
// only.
func interpreter(name, dir string, direct bool) kind {
	shell := func(s string) kind { return kind{s + " shell script", "text/x-shellscript"} }
	inBin := direct && dir == "/bin"
	switch {
	case name == "sh" && inBin:
		return shell("POSIX")
	case name == "bash":
		return shell("Bourne-Again")
	case name == "csh" && inBin:
		return shell("C")
	case name == "tcsh" && direct:
		return shell("Tenex C")
	case name == "ksh" && direct:
		return shell("Korn")
	case name == "zsh" && direct:
		return kind{"Paul Falstad's zsh script", "text/x-shellscript"}
	case strings.HasPrefix(name, "python"):
		return kind{"Python script", "text/x-script.python"}
	case name == "ruby":
		return kind{"Ruby script", "text/x-ruby"}
	case name == "lua":
		return kind{"Lua script", "text/x-lua"}
	case name == "php" && direct:
		return kind{"PHP script", "text/x-php"}
	case (name == "awk" || name == "gawk" || name == "mawk" || name == "nawk") && direct:
		return kind{name + " script", "text/x-awk"}
	}
	return kind{}
}
