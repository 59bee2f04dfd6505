#!/usr/bin/perl
# Figures of a run -> report.json (all of them, with medians, spreads and targets), report.html (one page, no script) and
# report.md (the targets, for the README).
#   report.pl --json OUT --html OUT --md OUT FIGURES
#   report.pl --selftest
use strict;
use utf8;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Getopt::Long;
use JSON::PP;
use Figures;
use Plot;
use Targets;

my %mark = ('met' => '✓ met', 'not met' => '✗ not met', 'too small' => '… too small', 'not measured' => '? not measured');
my ($json_path, $html_path, $md_path, $selftest);
binmode STDOUT, ':encoding(UTF-8)';
GetOptions('json=s' => \$json_path, 'html=s' => \$html_path, 'md=s' => \$md_path, 'selftest' => \$selftest) or exit 2;
exit selftest() if $selftest;
die "usage: report.pl --json OUT --html OUT --md OUT FIGURES\n" unless @ARGV == 1 && $json_path && $html_path && $md_path;
my $all = Figures::read_lines($ARGV[0]);
$all->{targets} = [ Targets::judged($all) ];
put($json_path, JSON::PP->new->canonical->pretty->encode({ version => 1, %$all }));
put($html_path, page($all));
put($md_path, markdown($all));
summary($all);

sub put {
	my ($path, $text) = @_;
	open my $f, '>:encoding(UTF-8)', "$path.new" or die "$path: $!\n";
	print $f $text or die "$path: $!\n";
	close $f or die "$path: $!\n";
	rename "$path.new", $path or die "$path: $!\n";
}

# --- for the terminal ---

sub summary {
	my ($a) = @_;
	my $m = $a->{machine};
	print "$m->{cpu}, $m->{cores} cores, $m->{memory_gib} GiB, $m->{kernel}, $m->{system}, $m->{disk}\n",
	    join(', ', map { "$_ $m->{versions}{$_}" } sort keys %{ $m->{versions} }), "\n";
	for my $t (@{ $a->{targets} }) {
		printf "%-13s %12s  %s %s\n", $t->{verdict}, defined $t->{median} ? Figures::text($t->{median}) . " $t->{unit}" : '-',
		    $t->{what}, "($t->{op} $t->{target})";
	}
	printf "*** NOT MEASURED: %s (%s is not installed)\n", @$_{qw(what package)} for @{ $a->{missing} };
	print "*** $_\n" for @{ $a->{notes} };
	print "*** THE ROW $_ FAILED\n" for @{ $a->{failed} };
}

# --- for the README ---

sub markdown {
	my ($a) = @_;
	my $text = "| what | measured | target | |\n|---|---|---|---|\n";
	for my $t (@{ $a->{targets} }) {
		my $what = $t->{what} . ($t->{size} ? ", with $t->{size}" : '');
		my $measured = defined $t->{median} ? Figures::text($t->{median}) . " $t->{unit}" : '–';
		my $target = ($t->{op} eq '>=' ? '≥ ' : '≤ ') . Figures::thousands($t->{target}) . " $t->{unit}";
		$text .= join(' ', '|', $what, '|', $measured =~ s/ +$//r, '|', $target =~ s/ +$//r, '|', $t->{verdict}, "|\n");
	}
	return $text;
}

# --- the page ---

sub e { return Plot::escaped($_[0]) }

sub style {
	local $/;
	open my $f, '<', "$FindBin::Bin/report.css" or die "report.css: $!\n";
	return <$f>;
}

sub page {
	my ($a) = @_;
	my $m = $a->{machine};
	return join '', "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n",
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
	    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Strongroom: what was measured</title>\n<style>\n", style(),
	    "</style></head>\n<body><main>\n<h1>Strongroom: what was measured</h1>\n",
	    '<p class="lead">', e("$m->{when} · $m->{cpu}, $m->{cores} cores · $m->{versions}{strongroom}"), "</p>\n",
	    loud($a), how(), targets($a), peers($a), plots($a), limits($a), machine($m), everything($a), "</main></body></html>\n";
}

# What is not there, before anything that is.
sub loud {
	my ($a) = @_;
	my @lines = ((map { "<strong>Not measured: " . e($_->{what}) . "</strong> (" . e($_->{package}) . ' is not installed)' }
		@{ $a->{missing} }),
		(map { '<strong>Failed: the row ' . e($_) . '</strong>' } @{ $a->{failed} }), map { e($_) } @{ $a->{notes} });
	return '' unless @lines;
	return "<div class=\"loud\">" . join("<br>\n", @lines) . "</div>\n";
}

sub how {
	return <<'END';
<p>Nodes, peers and the load are processes of their own on one machine, and the load comes over HTTPS. Requests are made
before and answers judged after what is measured, so that in between the load only moves bytes. Each figure is the median of
at least five runs after a warm-up, with the least and the most of them beside it; what is compared was measured in turn. In
an open load an operation’s time runs from when it was due, so that waiting behind a slow one counts. Every operation’s
signature is checked by every node. <code>docs/BENCH.md</code> says how each number is made and how to make one again.</p>
END
}

sub spread {
	my ($f) = @_;
	return '<span class="spread" title="the least and the most of the runs">' . Figures::text($f->{low}) . ' to ' . Figures::text($f->{high}) . '</span>';
}

# header cells, rows of cells; the first column is text, the others are numbers.
sub table {
	my ($class, $head, @rows) = @_;
	return join '', "<div class=\"scroll\"><table class=\"$class\"><thead><tr>", (map { "<th>$_</th>" } @$head),
	    "</tr></thead>\n<tbody>\n", (map { '<tr>' . join('', map { "<td>$_</td>" } @$_) . "</tr>\n" } @rows),
	    "</tbody></table></div>\n";
}

sub target_row {
	my ($t) = @_;
	my $class = $t->{verdict} =~ s/ /-/gr;
	my $verdict = $mark{ $t->{verdict} };
	$verdict .= ', not always' if $t->{not_always} && $t->{verdict} eq 'met';
	my $why = $t->{size} ? "measured with $t->{size} only" : $t->{not_always} ? 'not in all runs' : $t->{verdict};
	my $target = ($t->{op} eq '>=' ? '≥ ' : '≤ ') . Figures::thousands($t->{target}) . e(" $t->{unit}");
	my $cell = "<span class=\"$class\" title=\"" . e($why) . "\">$verdict</span>";
	return [ e($t->{what}), $cell, '–', $target, '–', '' ] unless defined $t->{median};
	# Cut off, not rounded: what is not there must not look like 1.
	return [ e($t->{what}) . ($t->{size} ? ' <span class="spread">with ' . e($t->{size}) . '</span>' : ''), $cell,
		Figures::text($t->{median}) . e(" $t->{unit}"), $target, sprintf('%.2f', int($t->{of_target} * 100) / 100), spread($t) ];
}

sub targets {
	my ($a) = @_;
	my $met = grep { $_->{verdict} eq 'met' } @{ $a->{targets} };
	return "<h2>Targets</h2>\n<p>" . $met . ' of ' . @{ $a->{targets} } . " are met. <em>Reached</em> says how much of the "
	    . "target that is: 1 and more is there.</p>\n"
	    . table('targets', [ 'what', '', 'measured', 'target', 'reached', 'spread' ], map { target_row($_) } @{ $a->{targets} });
}

# [what, our figure, peer's name, its figure, higher is better, what the peer leaves out]
sub peer_rows {
	my ($a) = @_;
	my $f = sub { Figures::one($a, @_) };
	return (
		[ 'writes/s, many clients', $f->('throughput.up'), 'etcd', $f->('throughput.etcd'), 1,
			'checks no signature, trusts every member' ],
		[ 'a write’s p50 (256 clients; etcd 100)', $f->('throughput.up.p50'), 'etcd', $f->('throughput.etcd.p50'), 0, '' ],
		[ 'a small secret back, one command', $f->('recover.strongroom'), 'Tang and Clevis', $f->('recover.clevis'), 0,
			'asks nobody who he is, keeps no record' ],
		[ 'splitting 16 MiB, 3 of 5', $f->('split.split'), 'libgfshare', $f->('split.libgfshare'), 1, 'the same, given our randomness' ],
		[ 'splitting 128 bytes, one command', $f->('split.command.strongroom'), 'ssss', $f->('split.command.ssss'), 0,
			'nothing tells a changed share' ],
	);
}

sub peers {
	my ($a) = @_;
	my @rows = map {
		my ($what, $ours, $name, $theirs, $higher, $note) = @$_;
		my $cell = sub { $_[0] ? '<span title="' . e(Figures::label($_[0])) . '">' . Figures::text($_[0]{median}) . ' '
		    . e($_[0]{unit}) . '</span>' : '<strong class="not-met">not measured</strong>' };
		my $r = $higher ? Figures::ratio($ours, $theirs) : Figures::ratio($theirs, $ours);
		[ $what, $cell->($ours), $cell->($theirs), $r ? sprintf('%.3g×', $r->{median}) : '–', e($name) . ($note ? ": $note" : '') ];
	} peer_rows($a);
	return "<h2>Peers</h2>\n<p>In the same run, on the same disk. More than 1× is faster than the peer.</p>\n"
	    . table('peers', [ 'what', 'Strongroom', 'peer', 'speed', 'the peer' ], @rows);
}

# at: of all figures of that name, those with these conditions.
sub points {
	my ($a, $name, $key, %at) = @_;
	return [ map { [ $_->{at}{$key}, @$_{qw(median low high)} ] } Figures::named($a, $name, %at) ];
}

sub line {
	my ($a, $title, $name, $key, %at) = @_;
	return { name => $title, points => points($a, $name, $key, %at) };
}

sub plots {
	my ($a) = @_;
	my $s = sub { line($a, @_) };
	my @plots = (
		{ title => 'Throughput against load', x => 'clients', y => 'operations/s', unit => 'op/s', log_x => 1,
			series => [ $s->('four nodes', 'load.throughput', 'clients') ] },
		{ title => 'Latency against load', x => 'clients', y => 'ms', unit => 'ms', log_x => 1, log_y => 1,
			series => [ $s->('p50', 'load.p50', 'clients'), $s->('p99', 'load.p99', 'clients') ] },
		{ title => 'Throughput against nodes', x => 'nodes', y => 'operations/s', unit => 'op/s',
			series => [ $s->('128 clients', 'nodes.throughput', 'nodes') ] },
		{ title => 'Latency against nodes', x => 'nodes', y => 'ms', unit => 'ms',
			series => [ $s->('one client, p50', 'nodes.p50', 'nodes') ] },
		{ title => 'Throughput against distance', x => 'ms one way', y => 'operations/s', unit => 'op/s',
			series => [ $s->('responsive', 'links.responsive.throughput', 'one_way_ms'),
				$s->('slots of 300 ms', 'links.slots.throughput', 'one_way_ms') ] },
		{ title => 'Submit to finality against distance', x => 'ms one way', y => 'ms', unit => 'ms',
			series => [ $s->('responsive, p50', 'links.responsive.p50', 'one_way_ms'),
				$s->('slots, p50', 'links.slots.p50', 'one_way_ms') ] },
		{ title => 'Throughput against records', x => 'records', y => 'operations/s', unit => 'op/s', log_x => 1,
			series => [ $s->('256 clients', 'records.throughput', 'records') ] },
		{ title => 'Latency against records', x => 'records', y => 'ms', unit => 'ms', log_x => 1, log_y => 1,
			series => [ $s->('p50', 'records.p50', 'records'), $s->('p99', 'records.p99', 'records') ] },
		{ title => 'Memory of a node against records', x => 'records', y => 'MiB', unit => 'MiB', log_x => 1,
			series => [ $s->('memory', 'records.memory', 'records') ] },
		{ title => 'Disk of a node over a week without operations', x => 'days', y => 'MiB', unit => 'MiB',
			series => [ $s->('all of it', 'week.disk', 'day', rate => 0),
				$s->('archive', 'week.archive', 'day', rate => 0), $s->('state', 'week.state', 'day', rate => 0) ] },
		{ title => 'Time of a payload against its size', x => '', y => 'ms', unit => 'ms', log_x => 1, log_y => 1, bytes => 1,
			series => [ $s->('put', 'payload.put', 'bytes'), $s->('get', 'payload.get', 'bytes') ] },
		{ title => 'Large payloads: MB/s against size', x => '', y => 'MB/s', unit => 'MB/s', log_x => 1, bytes => 1,
			series => [ $s->('put', 'payload.put.rate', 'bytes'), $s->('get', 'payload.get.rate', 'bytes') ] },
	);
	my $svg = join '', map { Plot::svg($_) } @plots;
	return $svg eq '' ? '' : "<h2>Against load, nodes, distance, records, time, size</h2>\n<div class=\"plots\">$svg</div>\n";
}

sub limits {
	my ($a) = @_;
	my %about = ('limits.verify' => 'signatures checked, one core', 'limits.verify.cores' => 'signatures checked, all cores at once',
		'limits.memcpy' => 'memcpy, one core',
		'limits.stream' => 'streaming stores, one core', 'limits.fdatasync' => 'appends of 512 bytes, synced one by one');
	my @rows = map { [ $about{ $_->{name} }, Figures::text($_->{median}) . " $_->{unit}", spread($_) ] }
	    grep { $about{ $_->{name} } } @{ $a->{figures} };
	return '' unless @rows;
	return "<h2>What this machine can do at best</h2>\n" . table('limits', [ 'what', 'median', 'spread' ], @rows);
}

sub machine {
	my ($m) = @_;
	my @rows = map { [ $_, e($m->{$_}) ] } qw(cpu cores governor memory_gib virtual kernel system disk);
	push @rows, map { [ $_, e($m->{versions}{$_}) ] } sort keys %{ $m->{versions} };
	return "<h2>The machine, and versions</h2>\n" . table('machine', [ 'what', '' ], @rows);
}

sub everything {
	my ($a) = @_;
	my @rows = map {
		[ '<code>' . e($_->{name}) . '</code> ' . e(Figures::label($_)),
			'<span title="' . e(join ' ', map { Figures::text($_) } @{ $_->{runs} }) . '">' . Figures::text($_->{median}) . '</span>',
			Figures::text($_->{low}), Figures::text($_->{high}), e($_->{unit}), scalar @{ $_->{runs} } ]
	} @{ $a->{figures} };
	return "<h2>All figures</h2>\n<details><summary>" . @rows . " figures; pointing at a median shows its runs</summary>\n"
	    . table('all', [ 'figure', 'median', 'least', 'most', 'unit', 'runs' ], @rows) . "</details>\n";
}

# --- planted faults ---

# Figures that miss a target, a peer that is missing, a row that failed, a run that was too small: each must show.
sub selftest {
	my $figure = sub { my ($name, $at, @runs) = @_;
		Figures::summed({ name => $name, unit => 'x', better => 'higher', at => $at, runs => [@runs] }) };
	my %machine = ((map { $_ => 'x' } qw(when cpu governor memory_gib virtual kernel system disk)), cores => 2,
		versions => { strongroom => 'x' });
	my $a = { machine => \%machine,
		missing => [ { what => 'a peer', package => 'its-package' } ], notes => ['a note'], failed => ['a-row'],
		figures => [ $figure->('throughput.up', {}, 900, 1000, 1100), $figure->('throughput.etcd', {}, 2000, 2000, 2000),
			$figure->('throughput.down', {}, 950, 950, 950), $figure->('limits.verify', {}, 20000, 20000, 20000),
			$figure->('records.memory', { records => 1000 }, 50, 60) ] };
	$a->{targets} = [ Targets::judged($a) ];
	my $html = page($a);
	my %verdict = map { $_->{what} => $_ } @{ $a->{targets} };
	my ($memory) = grep { $_->{what} =~ /Memory per node with/ } @{ $a->{targets} };
	my ($etcd) = grep { $_->{what} =~ /etcd/ } @{ $a->{targets} };
	my ($down) = grep { $_->{what} =~ /One node down/ } @{ $a->{targets} };
	my ($limit) = grep { $_->{what} =~ /verification alone/ } @{ $a->{targets} };
	my %checks = (
		'a missed target is not met' => $etcd->{verdict} eq 'not met' && abs($etcd->{median} - 0.5) < 1e-9,
		'a target is met by the median, and it shows that some runs missed it' =>
		    $down->{verdict} eq 'met' && $down->{not_always},
		'the limit is cores times checks over nodes' => abs($limit->{median} - 0.1) < 1e-9,
		'a run that was too small meets nothing' => $memory->{verdict} eq 'too small',
		'what was not measured is said' => scalar(grep { $_->{verdict} eq 'not measured' } @{ $a->{targets} }) > 5,
		'a missing peer is loud' => $html =~ /class="loud".*a peer.*its-package/s,
		'a failed row is loud' => $html =~ /Failed: the row a-row/,
		'the page needs no script and nothing from elsewhere' => $html !~ /<script|<link|src=|https?:/,
		'the README has each target with its verdict' => markdown($a) =~ /etcd[^\n]*\| 0\.500 \| ≥ 0\.8 \| not met \|/ &&
		    (() = markdown($a) =~ /\n\|/g) == 1 + @{ $a->{targets} },
		'the median of two is between them' => Figures::median(1, 4) == 2.5,
	);
	my $failed = grep { !$checks{$_} } keys %checks;
	printf "%-6s%s\n", $checks{$_} ? 'ok' : 'FAIL', $_ for sort keys %checks;
	printf "%d passed, %d failed, 0 skipped\n", keys(%checks) - $failed, $failed;
	return $failed ? 1 : 0;
}
