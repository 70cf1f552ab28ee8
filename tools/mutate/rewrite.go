package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A mutant is one change of the source.
type mutant struct {
	id   int // counted from one; 0 is the source as it is
	at   token.Position
	in   string // the function
	what string // what is there, an arrow, and what comes in its place
}

// String names the mutant without its line, so that it can be found again after others have moved.
func (m *mutant) String() string {
	return fmt.Sprintf("%s %s: %s", m.at.Filename, m.in, m.what)
}

// A change is where mutants of one node are: an expression, a statement, or a
// position in front of a body, where node is nil.
type change struct {
	start, end int    // offsets in the file
	kind       string // "expr", "stmt", "body"
	typ        string // of an expression
	alts       []alternative
}

type alternative struct {
	id   int
	text string
}

// A source is one file of the package.
type source struct {
	path    string // as mutants name it
	text    []byte
	file    *ast.File
	changes []*change
}

// A finder collects the mutants of a package.
type finder struct {
	fset    *token.FileSet
	pkg     *types.Package
	info    *types.Info
	dropped map[int]bool // they do not compile

	src     *source
	stack   []ast.Node // from the file down to the node that is looked at
	at      map[ast.Node]*change
	mutants []*mutant
	names   map[string]int
}

func (f *finder) find(src *source) {
	f.src, f.at, f.stack = src, map[ast.Node]*change{}, nil
	ast.Inspect(src.file, func(n ast.Node) bool {
		if n == nil {
			f.stack = f.stack[:len(f.stack)-1]
			return true
		}
		if f.skips(n) {
			return false
		}
		deeper := f.look(n)
		if deeper {
			f.stack = append(f.stack, n)
		}
		return deeper
	})
}

// skips reports whether nothing in n can be changed while the program runs.
func (f *finder) skips(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok != token.VAR
	case *ast.FuncType, *ast.ArrayType, *ast.MapType, *ast.ImportSpec, *ast.CommentGroup, *ast.Comment:
		return true
	}
	if kv, ok := f.parent().(*ast.KeyValueExpr); ok && kv.Key == n {
		return true
	}
	return false
}

func (f *finder) parent() ast.Node {
	if len(f.stack) == 0 {
		return nil
	}
	return f.stack[len(f.stack)-1]
}

// look adds the mutants of a node, and reports whether there may be more in it.
func (f *finder) look(n ast.Node) bool {
	if e, ok := n.(ast.Expr); ok {
		return f.expression(e)
	}
	switch n := n.(type) {
	case *ast.AssignStmt:
		f.assignment(n)
	case *ast.IncDecStmt:
		f.statement(n, "")
		swapped := map[token.Token]string{token.INC: "--", token.DEC: "++"}
		f.statement(n, f.text(n.X)+swapped[n.Tok])
	case *ast.ExprStmt:
		f.statement(n, "")
	case *ast.BranchStmt:
		swapped := map[token.Token]string{token.BREAK: "continue", token.CONTINUE: "break"}
		if to := swapped[n.Tok]; to != "" && n.Label == nil && (n.Tok == token.CONTINUE || f.breaksLoop()) {
			f.statement(n, to)
		}
	case *ast.CaseClause:
		if len(n.Body) > 0 && !f.endsFunction() {
			f.body(n.Body[0].Pos(), f.text(&ast.CaseClause{Case: n.Case, List: n.List, Colon: n.Colon}))
		}
	case *ast.RangeStmt:
		if len(n.Body.List) > 0 {
			f.body(n.Body.List[0].Pos(), "range "+f.text(n.X))
		}
	}
	return true
}

// breaksLoop reports whether a break here leaves a loop, not a switch.
func (f *finder) breaksLoop() bool {
	for _, n := range slices.Backward(f.stack) {
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			return false
		}
	}
	return false
}

// endsFunction reports whether the switch around a clause is the last statement of a function, which
// a break would let fall off its end.
func (f *finder) endsFunction() bool {
	n := len(f.stack)
	if n < 4 {
		return false
	}
	around, ok := f.stack[n-3].(*ast.BlockStmt)
	if !ok || around.List[len(around.List)-1] != f.stack[n-2] {
		return false
	}
	switch fn := f.stack[n-4].(type) {
	case *ast.FuncDecl:
		return fn.Type.Results != nil
	case *ast.FuncLit:
		return fn.Type.Results != nil
	}
	return false
}

func (f *finder) assignment(s *ast.AssignStmt) {
	if s.Tok == token.DEFINE {
		return
	}
	f.statement(s, "")
	swapped := map[token.Token]string{token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+=", token.OR_ASSIGN: "="}
	if to := swapped[s.Tok]; to != "" {
		f.statement(s, f.text(s.Lhs[0])+" "+to+" "+f.text(s.Rhs[0]))
	}
	if len(s.Lhs) > 1 && len(s.Lhs) == len(s.Rhs) {
		for i := range s.Lhs {
			left, right := slices.Delete(slices.Clone(s.Lhs), i, i+1), slices.Delete(slices.Clone(s.Rhs), i, i+1)
			f.statement(s, f.list(left)+" = "+f.list(right))
		}
	}
}

// expression adds the mutants of an expression.
func (f *finder) expression(e ast.Expr) bool {
	known, ok := f.info.Types[e]
	if !ok || known.IsType() || known.Type == nil {
		return ok && !known.IsType() || !ok // names of fields have no type, but their parents look at them
	}
	if lit, ok := e.(*ast.CompositeLit); ok && lit.Type == nil {
		return true
	}
	if isBool(known.Type) && known.Value == nil {
		f.condition(e)
	}
	if want := f.wanted(e); want != nil {
		if zero := f.zero(want); zero != "" && !f.isZero(e) && !isBool(want) {
			f.expr(e, want, zero)
		}
	}
	if known.Value != nil {
		f.constant(e, known)
		return false
	}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		f.binary(e, known.Type)
	case *ast.UnaryExpr:
		if e.Op == token.SUB {
			f.expr(e, known.Type, f.text(e.X))
		}
	case *ast.CallExpr:
		f.call(e, known.Type)
	}
	return true
}

// condition replaces what is true or false. Of the operands of && and || only what is not what the
// whole becomes.
func (f *finder) condition(e ast.Expr) {
	switch p := f.parent().(type) {
	case *ast.ParenExpr:
		return
	case *ast.UnaryExpr:
		return
	case *ast.BinaryExpr:
		switch p.Op {
		case token.LAND:
			f.expr(e, types.Typ[types.Bool], "true")
		case token.LOR:
			f.expr(e, types.Typ[types.Bool], "false")
		}
		return
	case *ast.ForStmt:
		f.expr(e, types.Typ[types.Bool], "false") // true would never end
		return
	case *ast.IfStmt, *ast.ReturnStmt, *ast.CaseClause:
		if _, tag := f.tag(); tag {
			return
		}
	default:
		if _, ok := e.(*ast.BinaryExpr); !ok && !isNot(e) && f.wanted(e) == nil {
			return
		}
	}
	f.expr(e, types.Typ[types.Bool], "true")
	f.expr(e, types.Typ[types.Bool], "false")
}

// tag reports whether the parent is a clause of a switch over a value.
func (f *finder) tag() (ast.Expr, bool) {
	if _, ok := f.parent().(*ast.CaseClause); !ok {
		return nil, false
	}
	s, ok := f.stack[len(f.stack)-3].(*ast.SwitchStmt)
	if !ok || s.Tag == nil {
		return nil, false
	}
	return s.Tag, true
}

// wanted returns the type of the place that an expression fills, where it can be left empty: a result, or
// an element of a composite literal. It is nil elsewhere.
func (f *finder) wanted(e ast.Expr) types.Type {
	switch p := f.parent().(type) {
	case *ast.ReturnStmt:
		results := f.results()
		if results == nil || results.Len() != len(p.Results) {
			return nil
		}
		return results.At(slices.Index(p.Results, e)).Type()
	case *ast.KeyValueExpr:
		return f.element(e)
	case *ast.CompositeLit:
		if p.Type != e {
			return f.element(e)
		}
	}
	return nil
}

// element returns the type of an element, unless it is a text.
func (f *finder) element(e ast.Expr) types.Type {
	known := f.info.Types[e]
	if known.Value != nil && types.Identical(known.Type, types.Typ[types.String]) {
		return nil
	}
	return known.Type
}

func (f *finder) results() *types.Tuple {
	for _, n := range slices.Backward(f.stack) {
		switch n := n.(type) {
		case *ast.FuncLit:
			return f.info.TypeOf(n).(*types.Signature).Results()
		case *ast.FuncDecl:
			return f.info.Defs[n.Name].Type().(*types.Signature).Results()
		}
	}
	return nil
}

// constant moves numbers by one, and turns truths around.
func (f *finder) constant(e ast.Expr, known types.TypeAndValue) {
	if call, ok := f.parent().(*ast.CallExpr); ok && f.text(call.Fun) == "make" && len(call.Args) == 3 && call.Args[2] == e {
		return // room, which only speed depends on
	}
	basic, ok := known.Type.Underlying().(*types.Basic)
	if !ok {
		return
	}
	switch info := basic.Info(); {
	case info&types.IsBoolean != 0:
		f.expr(e, known.Type, strconv.FormatBool(!constant.BoolVal(known.Value)))
	case info&types.IsUnsigned != 0: // sets
		if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.OR {
			f.operands(b, known.Type)
		}
	case info&types.IsNumeric != 0:
		f.expr(e, known.Type, f.text(e)+" + 1")
	}
}

var swaps = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.LAND: token.LOR, token.LOR: token.LAND,
	token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.QUO, token.QUO: token.MUL, token.REM: token.MUL,
	token.AND: token.OR, token.AND_NOT: token.AND,
}

func (f *finder) binary(e *ast.BinaryExpr, t types.Type) {
	text := types.Identical(t.Underlying(), types.Typ[types.String])
	if e.Op == token.OR || e.Op == token.ADD && text {
		f.operands(e, t)
		return
	}
	if to, ok := swaps[e.Op]; ok {
		f.expr(e, t, f.operand(e.X)+" "+to.String()+" "+f.operand(e.Y))
	}
}

func (f *finder) operand(e ast.Expr) string {
	if _, ok := e.(*ast.BinaryExpr); ok {
		return "(" + f.text(e) + ")"
	}
	return f.text(e)
}

func (f *finder) operands(e *ast.BinaryExpr, t types.Type) {
	f.expr(e, t, f.text(e.X))
	f.expr(e, t, f.text(e.Y))
}

// call leaves out the call where its receiver, or an argument, can stand for it; and one argument of many.
func (f *finder) call(e *ast.CallExpr, t types.Type) {
	fn, ok := f.info.TypeOf(e.Fun).(*types.Signature)
	if !ok {
		return // a conversion
	}
	if x := f.instead(e, t); x != nil {
		assign, ok := f.parent().(*ast.AssignStmt)
		if !ok || len(assign.Lhs) != 1 || f.text(assign.Lhs[0]) != f.text(x) { // that is the assignment left out
			f.expr(e, t, f.text(x))
		}
	}
	if !fn.Variadic() || e.Ellipsis.IsValid() || len(e.Args) <= fn.Params().Len() {
		return
	}
	if slice, ok := fn.Params().At(fn.Params().Len() - 1).Type().(*types.Slice); !ok || types.IsInterface(slice.Elem()) {
		return
	}
	for i := fn.Params().Len() - 1; i < len(e.Args); i++ {
		rest := slices.Delete(slices.Clone(e.Args), i, i+1)
		f.expr(e, t, f.text(e.Fun)+"("+f.list(rest)+")")
	}
}

func (f *finder) instead(e *ast.CallExpr, t types.Type) ast.Expr {
	if sel, ok := e.Fun.(*ast.SelectorExpr); ok && f.info.Selections[sel] != nil && types.Identical(f.info.TypeOf(sel.X), t) {
		return sel.X
	}
	for _, arg := range e.Args {
		known := f.info.Types[arg]
		if known.IsValue() && known.Value == nil && types.Identical(known.Type, t) {
			return arg
		}
	}
	return nil
}

// zero returns an expression for the zero value of a type.
func (f *finder) zero(t types.Type) string {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsNumeric != 0:
			return "0"
		case u.Info()&types.IsString != 0:
			return `""`
		}
		return ""
	case *types.Pointer, *types.Slice, *types.Map, *types.Signature, *types.Chan:
		return "nil"
	case *types.Interface:
		if _, ok := t.(*types.TypeParam); !ok {
			return "nil"
		}
	}
	return "*new(" + f.name(t) + ")"
}

func (f *finder) isZero(e ast.Expr) bool {
	known := f.info.Types[e]
	if known.IsNil() {
		return true
	}
	if v := known.Value; v != nil {
		switch v.Kind() {
		case constant.String:
			return constant.StringVal(v) == ""
		case constant.Int, constant.Float:
			return constant.Sign(v) == 0
		}
	}
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return false
	}
	_, structure := known.Type.Underlying().(*types.Struct)
	return structure && len(lit.Elts) == 0
}

func isBool(t types.Type) bool {
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsBoolean != 0
}

func isNot(e ast.Expr) bool {
	u, ok := e.(*ast.UnaryExpr)
	return ok && u.Op == token.NOT
}

// expr adds a mutant that replaces an expression.
func (f *finder) expr(e ast.Expr, t types.Type, becomes string) {
	c := f.change(e, "expr")
	if c.typ == "" {
		c.typ = f.name(t)
	}
	f.add(c, e.Pos(), f.text(e), becomes)
}

// statement adds a mutant that replaces a statement, if it is one of a list.
func (f *finder) statement(s ast.Stmt, becomes string) {
	switch f.parent().(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
		f.add(f.change(s, "stmt"), s.Pos(), f.text(s), becomes)
	}
}

// body adds a mutant that leaves a loop or a clause at its beginning.
func (f *finder) body(pos token.Pos, of string) {
	at := f.fset.Position(pos).Offset
	c := &change{start: at, end: at, kind: "body"}
	f.src.changes = append(f.src.changes, c)
	f.add(c, pos, of, "break")
}

func (f *finder) change(n ast.Node, kind string) *change {
	if f.at[n] == nil {
		f.at[n] = &change{start: f.fset.Position(n.Pos()).Offset, end: f.fset.Position(n.End()).Offset, kind: kind}
		f.src.changes = append(f.src.changes, f.at[n])
	}
	return f.at[n]
}

var spaces = regexp.MustCompile(`\s+`)

func (f *finder) add(c *change, pos token.Pos, was, becomes string) {
	m := &mutant{id: len(f.mutants) + 1, at: f.fset.Position(pos), in: f.function()}
	m.at.Filename = f.src.path
	to := becomes
	if to == "" {
		to = "nothing"
	}
	m.what = spaces.ReplaceAllString(short(was)+" → "+short(to), " ")
	f.names[m.String()]++
	if n := f.names[m.String()]; n > 1 {
		m.what += fmt.Sprintf(" (%d)", n)
	}
	f.mutants = append(f.mutants, m)
	if !f.dropped[m.id] {
		c.alts = append(c.alts, alternative{m.id, becomes})
	}
}

// short cuts a text in the middle.
func short(s string) string {
	r := []rune(spaces.ReplaceAllString(s, " "))
	if len(r) <= 90 {
		return string(r)
	}
	return string(r[:45]) + "…" + string(r[len(r)-40:])
}

// function names the function, or the variable, that is looked at.
func (f *finder) function() string {
	name := "?"
	for _, n := range f.stack {
		switch n := n.(type) {
		case *ast.FuncDecl:
			name = n.Name.Name
			if n.Recv != nil {
				name = strings.TrimLeft(f.text(n.Recv.List[0].Type), "*") + "." + name
			}
		case *ast.ValueSpec:
			if name == "?" {
				name = n.Names[0].Name
			}
		}
	}
	return name
}

func (f *finder) text(n ast.Node) string {
	return string(f.src.text[f.fset.Position(n.Pos()).Offset:f.fset.Position(n.End()).Offset])
}

func (f *finder) list(all []ast.Expr) string {
	var texts []string
	for _, e := range all {
		texts = append(texts, f.text(e))
	}
	return strings.Join(texts, ", ")
}

func (f *finder) name(t types.Type) string {
	return types.TypeString(types.Default(t), func(p *types.Package) string {
		if p == f.pkg {
			return ""
		}
		return p.Name()
	})
}

// rewrite returns the file with all its mutants, each behind a switch. What they replace stays where it is, with the
// mutants inside it; what they are does not contain others, since one is on at a time.
func (src *source) rewrite() []byte {
	type insert struct {
		at, length int // of the change
		end        bool
		text       string
	}
	var all []insert
	for _, c := range src.changes {
		if len(c.alts) == 0 {
			continue
		}
		before, after := c.around()
		all = append(all, insert{c.start, c.end - c.start, false, before}, insert{c.end, c.end - c.start, true, after})
	}
	slices.SortStableFunc(all, func(a, b insert) int {
		switch {
		case a.at != b.at:
			return a.at - b.at
		case a.end != b.end && a.length > 0 && b.length > 0: // what ends here is closed before anything begins
			if a.end {
				return -1
			}
			return 1
		case a.end && b.end:
			return a.length - b.length
		case a.length == 0 || b.length == 0:
			return a.length - b.length // before what begins here
		}
		return b.length - a.length
	})
	var out []byte
	last := 0
	for _, i := range all {
		out = append(out, src.text[last:i.at]...)
		out = append(out, i.text...)
		last = i.at
	}
	return append(out, src.text[last:]...)
}

// around returns what stands before and behind the text that the mutants replace. The number in a comment tells whose
// a mistake of the compiler is.
func (c *change) around() (before, after string) {
	var b strings.Builder
	if c.kind == "expr" {
		fmt.Fprintf(&b, " /*%d*/func() %s { ", c.alts[0].id, c.typ) // a space, since a slash may stand before
		for _, a := range c.alts {
			fmt.Fprintf(&b, "if mutate__(%d) { /*%d*/return %s }; ", a.id, a.id, a.text)
		}
		return b.String() + "return ", " }()"
	}
	for _, a := range c.alts {
		text := a.text
		if c.kind == "body" {
			text = "break"
		}
		fmt.Fprintf(&b, "/*%d*/if mutate__(%d) { %s } else ", a.id, a.id, text)
	}
	if c.kind == "body" {
		return b.String() + "{}; ", ""
	}
	return b.String() + "{ ", " }"
}

var marker = regexp.MustCompile(`/\*(\d+)\*/`)

// culprit returns the last mutant before an offset of a rewritten file, zero if there is none.
func culprit(text []byte, offset int) int {
	found := marker.FindAllSubmatch(text[:min(offset+1, len(text))], -1)
	if len(found) == 0 {
		return 0
	}
	id, _ := strconv.Atoi(string(found[len(found)-1][1]))
	return id
}
