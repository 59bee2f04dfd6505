# What was promised, and whether it holds: each a quotient or a figure of one report.
package Targets;
use strict;
use utf8;
use warnings;
use Figures;

my $million = 1_000_000;
my $gibibyte = 1 << 30;

# what: for people. op, target. unit: '' for a quotient. value: of all figures; undef when they are not there.
# size: [how large it was, how large it must be, of what]: a smaller run shows the way, but meets nothing.
my @targets = (
	{ what => 'Finalised operations/s ÷ what verification alone allows (cores × checks/s ÷ nodes)',
		op => '>=', target => 0.55, value => sub { my $a = shift;
			my $checks = Figures::one($a, 'limits.verify');
			Figures::ratio(Figures::one($a, 'throughput.up'),
				Figures::scaled($checks, $a->{machine}{cores} / 4)) } },
	{ what => 'Finalised operations/s ÷ etcd’s puts/s (three members, fsync, 100 clients)',
		op => '>=', target => 0.8, value => sub { my $a = shift;
			Figures::ratio(Figures::one($a, 'throughput.up'), Figures::one($a, 'throughput.etcd')) } },
	{ what => 'Operations/s with 1,000,000 records ÷ with 1,000',
		op => '>=', target => 0.95, size => sub { records(shift, 'records.throughput') }, value => sub { my $a = shift;
			my $most = Figures::largest($a, 'records.throughput', 'records');
			$most && $most->{at}{records} > 1000 ?
			    Figures::ratio($most, Figures::one($a, 'records.throughput', records => 1000)) : undef } },
	{ what => 'Submit to finality at 1,000 operations/s, slots of 300 ms: p99', unit => 'ms',
		op => '<=', target => 450, value => sub { Figures::one(shift, 'latency.slots.p99', rate => 1000) } },
	{ what => 'Submit to finality at 1,000 operations/s, responsive: p50', unit => 'ms',
		op => '<=', target => 15, value => sub { Figures::one(shift, 'latency.responsive.p50', rate => 1000) } },
	{ what => 'Submit to finality at 1,000 operations/s, responsive: p99', unit => 'ms',
		op => '<=', target => 60, value => sub { Figures::one(shift, 'latency.responsive.p99', rate => 1000) } },
	{ what => 'Request to plaintext, idle cluster, responsive: p50', unit => 'ms',
		op => '<=', target => 30, value => sub { Figures::one(shift, 'release.p50') } },
	{ what => 'Request to plaintext, idle cluster, responsive: p99', unit => 'ms',
		op => '<=', target => 80, value => sub { Figures::one(shift, 'release.p99') } },
	{ what => 'Releases per second', unit => '/s',
		op => '>=', target => 500, value => sub { Figures::one(shift, 'release.many') } },
	{ what => 'One node down ÷ all up',
		op => '>=', target => 0.9, value => sub { my $a = shift;
			Figures::ratio(Figures::one($a, 'throughput.down'), Figures::one($a, 'throughput.up')) } },
	{ what => 'Split of 16 MiB, 3 of 5 ÷ copying to five outputs with streaming stores',
		op => '>=', target => 0.5, value => sub { my $a = shift;
			Figures::ratio(Figures::one($a, 'split.split'), Figures::one($a, 'split.copy')) } },
	{ what => 'Split of 16 MiB, 3 of 5 ÷ libgfshare',
		op => '>=', target => 25, value => sub { my $a = shift;
			Figures::ratio(Figures::one($a, 'split.split'), Figures::one($a, 'split.libgfshare')) } },
	{ what => 'Payload of 1 GiB, put ÷ TLS copy of what is written',
		op => '>=', target => 0.5, size => sub { bytes(shift, 'payload.put.copy') }, value => sub { my $a = shift;
			Figures::ratio(Figures::largest($a, 'payload.put.copy', 'bytes'), same($a, 'payload.put')) } },
	{ what => 'Payload of 1 GiB, get ÷ TLS copy of it',
		op => '>=', target => 0.5, size => sub { bytes(shift, 'payload.get.copy') }, value => sub { my $a = shift;
			Figures::ratio(Figures::largest($a, 'payload.get.copy', 'bytes'), same($a, 'payload.get')) } },
	{ what => 'Memory per node with 1,000,000 secrets of 1 KiB', unit => 'MiB',
		op => '<=', target => 2560, size => sub { records(shift, 'records.memory') },
		value => sub { Figures::largest(shift, 'records.memory', 'records') } },
	{ what => 'Restart of a node with 1,000,000 records', unit => 's',
		op => '<=', target => 10, size => sub { records(shift, 'records.restart') },
		value => sub { Figures::largest(shift, 'records.restart', 'records') } },
	{ what => 'A joiner’s catch-up with 1,000,000 records', unit => 's',
		op => '<=', target => 30, size => sub { records(shift, 'records.join') },
		value => sub { Figures::largest(shift, 'records.join', 'records') } },
	{ what => 'Idle cluster, per node: processor', unit => '% of a core',
		op => '<=', target => 1, value => sub { Figures::one(shift, 'idle.cpu') } },
	{ what => 'Idle cluster, per node: memory', unit => 'MiB',
		op => '<=', target => 60, value => sub { Figures::one(shift, 'idle.memory') } },
);

sub records {
	my ($a, $name) = @_;
	my $f = Figures::largest($a, $name, 'records');
	return $f && [ $f->{at}{records}, $million, 'records' ];
}

sub bytes {
	my ($a, $name) = @_;
	my $f = Figures::largest($a, $name, 'bytes');
	return $f && [ $f->{at}{bytes}, $gibibyte, 'bytes' ];
}

# The figure of the largest payload that was also copied.
sub same {
	my ($a, $name) = @_;
	my $copy = Figures::largest($a, "$name.copy", 'bytes');
	return $copy && Figures::one($a, $name, bytes => $copy->{at}{bytes});
}

# Each with value, how far it is (1 and more: there), and a verdict: met, not met, too small, not measured.
sub judged {
	my ($all) = @_;
	return map {
		my $t = $_;
		my %row = (what => $t->{what}, op => $t->{op}, target => $t->{target}, unit => $t->{unit} // '');
		my $v = $t->{value}->($all);
		my $size = $t->{size} && $t->{size}->($all);
		if (!$v) {
			$row{verdict} = 'not measured';
		} else {
			@row{qw(median low high)} = @$v{qw(median low high)};
			$row{of_target} = $t->{op} eq '>=' ? $v->{median} / $t->{target} : $t->{target} / ($v->{median} || 1e-9);
			$row{verdict} = $row{of_target} >= 1 ? 'met' : 'not met';
			my $worst = $t->{op} eq '>=' ? $v->{low} / $t->{target} : $t->{target} / ($v->{high} || 1e-9);
			$row{not_always} = JSON::PP::true if $row{of_target} >= 1 && $worst < 1;
			if ($size && $size->[0] < $size->[1]) {
				$row{verdict} = 'too small';
				$row{size} = Figures::thousands($size->[0]) . " $size->[2]";
			}
		}
		\%row;
	} @targets;
}

1;
