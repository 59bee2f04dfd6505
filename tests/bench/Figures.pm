# Figures as rows wrote them (lib.sh), and what is made of them: the median of the runs, the least and the most.
package Figures;
use strict;
use utf8;
use warnings;
use JSON::PP;

sub median {
	my @v = sort { $a <=> $b } @_;
	return @v % 2 ? $v[ $#v / 2 ] : ($v[ @v / 2 - 1 ] + $v[ @v / 2 ]) / 2;
}

sub summed {
	my ($f) = @_;
	my @v = sort { $a <=> $b } @{ $f->{runs} };
	@$f{qw(median low high)} = (median(@v), $v[0], $v[-1]);
	return $f;
}

# FILE of lines -> { machine, figures, missing, notes, failed }
sub read_lines {
	my ($path) = @_;
	my %all = (figures => [], missing => [], notes => [], failed => []);
	open my $f, '<', $path or die "$path: $!\n";
	while (my $line = <$f>) {
		my $o = eval { JSON::PP->new->utf8->decode($line) } or die "$path:$.: not JSON\n";
		if ($o->{machine}) { $all{machine} = $o->{machine} }
		elsif ($o->{missing}) { push @{ $all{missing} }, $o }
		elsif ($o->{note}) { push @{ $all{notes} }, $o->{note} }
		elsif ($o->{failed}) { push @{ $all{failed} }, $o->{failed} }
		elsif ($o->{name} && @{ $o->{runs} || [] }) { push @{ $all{figures} }, summed($o) }
		else { die "$path:$.: neither a figure nor anything else\n" }
	}
	return \%all;
}

sub label {
	my ($f) = @_;
	return join ', ', map { "$_ " . thousands($f->{at}{$_}) } sort keys %{ $f->{at} };
}

# All of that name with those conditions, in the order of the runs' file.
sub named {
	my ($all, $name, %at) = @_;
	return grep {
		my $f = $_;
		$f->{name} eq $name && !grep { !defined $f->{at}{$_} || $f->{at}{$_} ne $at{$_} } keys %at
	} @{ $all->{figures} };
}

sub one {
	my @found = named(@_);
	return $found[0];
}

# The one whose condition is largest.
sub largest {
	my ($all, $name, $key) = @_;
	my @found = sort { $b->{at}{$key} <=> $a->{at}{$key} } named($all, $name);
	return $found[0];
}

# Quotients of medians; the spread is the widest that the runs allow.
sub ratio {
	my ($x, $y) = @_;
	return unless $x && $y && $y->{low} > 0;
	return { median => $x->{median} / $y->{median}, low => $x->{low} / $y->{high}, high => $x->{high} / $y->{low} };
}

sub scaled {
	my ($x, $by) = @_;
	return $x && { map { $_ => $x->{$_} * $by } qw(median low high) };
}

# Three digits that matter; thousands set off.
sub text {
	my ($v) = @_;
	return '0' if $v == 0;
	my $size = abs $v;
	my $digits = $size >= 100 ? 0 : $size >= 10 ? 1 : $size >= 1 ? 2 : $size >= 0.1 ? 3 : 4;
	return thousands(sprintf "%.${digits}f", $v);
}

sub thousands {
	my ($v) = @_;
	return $v unless $v =~ /^-?\d+(\.\d+)?$/;
	1 while $v =~ s/^(-?\d+)(\d{3})/$1,$2/;
	return $v;
}

1;
