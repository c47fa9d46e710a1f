# Prints the figures of a benchmark as Markdown tables: jq --raw-output --from-file report.jq FIGURES.json

def rounded(digits): pow(10; digits) as $unit | . * $unit | round / $unit;

def line: "| " + join(" | ") + " |";

# The first row of `rows` is the heading.
def table(title; rows): "", "### \(title)", "", (rows[0] | line, (map("---") | line)), (rows[1:][] | line);

# The floor with which a row is compared: the one with the same families and node, or else the first.
def floor_of(rows): (.subject | sub("^[^,]*"; "")) as $variant
  | [rows[] | select(.subject | startswith("floor"))]
  | (map(select(.subject | sub("^[^,]*"; "") == $variant)) + .)[0];

def cell(verb; floor): if .[verb] == null then "" else
  .[verb] | "\(.median | rounded(2)) (\(.q1 | rounded(2))-\(.q3 | rounded(2)))"
    + if floor[verb] == null then "" else " x\(.median / floor[verb].median | rounded(2))" end
  end;

def calls(title): . as $rows
  | ([.[] | to_entries[] | select(.value | type == "object") | .key] | unique) as $verbs
  | table(title; [["milliseconds: median (quartiles) x floor"] + $verbs]
      + [.[] | floor_of($rows) as $floor | . as $row | [.subject] + ($verbs | map(. as $verb | $row | cell($verb; $floor)))]);

def throughput: table("throughput"; [["subject", "at once", "ADD/s", "p50 ms", "p99 ms", "DEL/s", "p50 ms", "p99 ms"]]
  + [.[] | [.subject, .["at once"]] + [(.ADD, .DEL) | .["per second"], .p50, .p99 | rounded(1)] | map(tostring)]);

def costs:
  table("what a call costs"; [["a call", "peak KiB", "page faults", "system calls", "sendmsg", "instructions"]]
    + [.calls[] | .subject as $subject | ("ADD", "DEL") as $verb | .[$verb]
       | ["\($subject) \($verb)", .["peak KiB"], .["page faults"], .["system calls"].total?, .["system calls"].sendmsg?,
          .instructions] | map(. // "" | tostring)]),
  table("sizes"; [["executable", "bytes"]] + [.["sizes in bytes"] | to_entries[] | [.key, (.value | tostring)]]);

def goals: table("goals"; [["figure", "measured", "noise", "at most", ""]]
  + [.[] | [.what] + (["figure", "noise", "at most"] as $keys | [.[$keys[]] | rounded(3) | tostring])
     + [if .["is met"] then "" else "missed" end]]);

to_entries[]
| if .key == "throughput" then .value | throughput
  elif .key == "costs" then .value | costs
  elif .key == "goals" then .value | goals
  elif .key == "machine" then "", "machine: \(.value | tojson)"
  else .key as $suite | .value | calls($suite) end
