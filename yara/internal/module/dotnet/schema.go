package dotnet

// The tables of ECMA-335 II.22 that something here refers to, by number. The
// numbers of others are the places in schema.
const (
	tableModule          = 0x00
	tableTypeRef         = 0x01
	tableTypeDef         = 0x02
	tableField           = 0x04
	tableMethodDef       = 0x06
	tableParam           = 0x08
	tableInterfaceImpl   = 0x09
	tableMemberRef       = 0x0a
	tableConstant        = 0x0b
	tableCustomAttribute = 0x0c
	tableStandAloneSig   = 0x11
	tableEvent           = 0x14
	tableProperty        = 0x17
	tableModuleRef       = 0x1a
	tableTypeSpec        = 0x1b
	tableFieldRVA        = 0x1d
	tableAssembly        = 0x20
	tableAssemblyRef     = 0x23
	tableRefProcessor    = 0x24
	tableFile            = 0x26
	tableExportedType    = 0x27
	tableResource        = 0x28
	tableNestedClass     = 0x29
	tableGenericParam    = 0x2a
	tableMethodSpec      = 0x2b
	tableConstraint      = 0x2c
	tableCount           = 0x2d
)

// column is the type of a column: a number of 2 or 4 bytes, an index into a
// heap, a table (inTable+number) or one of several tables (coded+set).
type column uint8

const (
	short column = iota
	long
	inStrings
	inGUIDs
	inBlobs
	inTable column = 0x40
	coded   column = 0x80
)

// The sets of tables that a coded index may mean, as libyara counts them: they
// are not always those of the standard.
const (
	typeDefOrRef column = coded + iota
	resolutionScope
	memberRefParent
	hasConstant
	hasCustomAttribute
	customAttributeType
	hasFieldMarshal
	hasDeclSecurity
	hasSemantics
	methodDefOrRef
	memberForwarded
	exportedIn
	resourceIn
	typeOrMethod
)

// codedSet gives the number of bits that tell the table, and the tables.
func codedSet(c column) (bits int, list []int) {
	switch c {
	case typeDefOrRef:
		return 2, []int{tableTypeDef, tableTypeRef, tableTypeSpec}
	case resolutionScope:
		return 2, []int{tableModule, tableModuleRef, tableAssemblyRef, tableTypeRef}
	case memberRefParent:
		return 3, []int{tableMethodDef, tableModuleRef, tableTypeRef, tableTypeSpec}
	case hasConstant:
		return 2, []int{tableParam, tableField, tableProperty}
	case hasCustomAttribute:
		return 5, []int{tableMethodDef, tableField, tableTypeRef, tableTypeDef, tableParam, tableInterfaceImpl,
			tableMemberRef, tableModule, tableProperty, tableEvent, tableStandAloneSig, tableModuleRef, tableTypeSpec,
			tableAssembly, tableAssemblyRef, tableFile, tableExportedType, tableResource, tableGenericParam,
			tableConstraint, tableMethodSpec}
	case customAttributeType:
		return 3, []int{tableMethodDef, tableMemberRef}
	case hasFieldMarshal:
		return 1, []int{tableField, tableParam}
	case hasDeclSecurity:
		return 2, []int{tableTypeDef, tableMethodDef, tableAssembly}
	case hasSemantics:
		return 1, []int{tableEvent, tableProperty}
	case methodDefOrRef:
		return 1, []int{tableMethodDef, tableMemberRef}
	case memberForwarded:
		return 1, []int{tableField, tableMethodDef}
	case exportedIn:
		return 2, []int{tableFile, tableAssemblyRef, tableExportedType}
	case resourceIn:
		return 2, []int{tableFile, tableAssemblyRef}
	}
	return 1, []int{tableTypeDef, tableMethodDef}
}

// schema is the columns of each table, by number; nil for one that libyara does
// not know.
func schema() [tableCount][]column {
	s := [tableCount][]column{
		tableModule:          {short, inStrings, inGUIDs, inGUIDs, inGUIDs},
		tableTypeRef:         {resolutionScope, inStrings, inStrings},
		tableTypeDef:         {long, inStrings, inStrings, typeDefOrRef, inTable + tableField, inTable + tableMethodDef},
		0x03:                 {inTable + tableField},
		tableField:           {short, inStrings, inBlobs},
		0x05:                 {inTable + tableMethodDef},
		tableMethodDef:       {long, short, short, inStrings, inBlobs, inTable + tableParam},
		tableParam:           {short, short, inStrings},
		tableInterfaceImpl:   {inTable + tableTypeDef, typeDefOrRef},
		tableMemberRef:       {memberRefParent, inStrings, inBlobs},
		tableConstant:        {short, hasConstant, inBlobs},
		tableCustomAttribute: {hasCustomAttribute, customAttributeType, inBlobs},
		0x0d:                 {hasFieldMarshal, inBlobs},
		0x0e:                 {short, hasDeclSecurity, inBlobs},
		0x0f:                 {short, long, inTable + tableTypeDef},
		0x10:                 {long, inTable + tableField},
		tableStandAloneSig:   {inBlobs},
		0x12:                 {inTable + tableTypeDef, inTable + tableEvent},
		0x13:                 {inTable + tableEvent},
		tableEvent:           {short, inStrings, typeDefOrRef},
		0x15:                 {inTable + tableTypeDef, inTable + tableProperty},
		0x16:                 {inTable + tableProperty},
		tableProperty:        {short, inStrings, inBlobs},
		0x18:                 {short, inTable + tableMethodDef, hasSemantics},
		0x19:                 {inTable + tableTypeDef, methodDefOrRef, methodDefOrRef},
		tableModuleRef:       {inStrings},
		tableTypeSpec:        {inBlobs},
		0x1c:                 {short, memberForwarded, inStrings, inTable + tableModuleRef},
		tableFieldRVA:        {long, inTable + tableField},
		0x1e:                 {long, long},
		0x1f:                 {long},
		tableAssembly:        {long, short, short, short, short, long, inBlobs, inStrings, inStrings},
		0x21:                 {long},
		0x22:                 {long, long, long},
		tableAssemblyRef:     {short, short, short, short, long, inBlobs, inStrings, inStrings, inBlobs},
		tableRefProcessor:    {long, inTable + tableRefProcessor},
		0x25:                 {long, long, long, inTable + tableAssemblyRef},
		tableFile:            {long, inStrings, inBlobs},
		tableExportedType:    {long, long, inStrings, inStrings, exportedIn},
		tableResource:        {long, long, inStrings, resourceIn},
		tableNestedClass:     {inTable + tableTypeDef, inTable + tableTypeDef},
		tableGenericParam:    {short, short, typeOrMethod, inStrings},
		tableMethodSpec:      {methodDefOrRef, inBlobs},
		tableConstraint:      {inTable + tableGenericParam, typeDefOrRef},
	}
	return s
}
