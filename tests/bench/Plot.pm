# Plots as SVG that needs nothing else: colours come from the page's style, so that they follow light and dark.
package Plot;
use strict;
use utf8;
use warnings;
use Figures;

my ($width, $height) = (520, 320);
my ($left, $right, $top, $bottom) = (62, 14, 40, 46);

sub escaped {
	my ($s) = @_;
	$s =~ s/&/&amp;/g;
	$s =~ s/</&lt;/g;
	$s =~ s/>/&gt;/g;
	$s =~ s/"/&quot;/g;
	return $s;
}

# 1,500 -> 1.5k; for axes.
sub short {
	my ($v, $bytes) = @_;
	my ($step, @names) = $bytes ? (1024, '', ' KiB', ' MiB', ' GiB') : (1000, '', 'k', 'M', 'G');
	my $i = 0;
	while (abs $v >= $step && $i < $#names) { $v /= $step; $i++ }
	my $n = sprintf '%.3g', $v;
	return $n . ($bytes && $i == 0 ? ' B' : $names[$i]);
}

# Powers for a logarithmic axis, round steps for another one.
sub ticks {
	my ($low, $high, $log) = @_;
	my @t;
	if ($log) {
		my ($a, $b) = (int(log($low) / log(10) + 1e-9), log($high) / log(10));
		$a-- if $low < 10 ** $a;
		for (my $e = $a; $e <= $b + 1e-9; $e++) { push @t, 10 ** $e if 10 ** $e >= $low * 0.999 }
		return @t if @t >= 2;
		return map { $low * ($high / $low) ** ($_ / 3) } 0 .. 3;
	}
	my $rough = ($high - $low) / 4 || 1;
	my $power = 10 ** int(log($rough) / log(10) - ($rough < 1 ? 1 : 0));
	my ($step) = grep { $_ >= $rough } map { $_ * $power } 1, 2, 2.5, 5, 10;
	for (my $v = 0; $v <= $high + $step / 1000; $v += $step) { push @t, $v }
	return @t;
}

sub bounds {
	my ($p) = @_;
	my @x = map { map { $_->[0] } @{ $_->{points} } } @{ $p->{series} };
	my @y = map { map { @$_[1 .. 3] } @{ $_->{points} } } @{ $p->{series} };
	@x = sort { $a <=> $b } @x;
	@y = sort { $a <=> $b } grep { $_ > 0 } @y;
	my ($y0, $y1) = $p->{log_y} ? (10 ** floor10($y[0]), $y[-1] * 1.15) : (0, $y[-1] * 1.12);
	my ($x0, $x1) = $x[0] == $x[-1] ? ($x[0] * 0.9, $x[0] * 1.1) : ($x[0], $x[-1]);
	return ($x0, $x1, $y0, $y1);
}

sub floor10 {
	my $l = log(shift) / log(10);
	my $n = int $l;
	return $n > $l ? $n - 1 : $n;
}

# A value's place between two pixels.
sub place {
	my ($v, $low, $high, $from, $to, $log) = @_;
	($v, $low, $high) = map { log($_ > 0 ? $_ : 1e-9) } $v, $low, $high if $log;
	return sprintf '%.1f', $from + ($v - $low) / ($high - $low) * ($to - $from);
}

# { title, x, y, unit, bytes, log_x, log_y, series => [{ name, points => [[x, median, low, high], ...] }] }
sub svg {
	my ($p) = @_;
	return '' unless grep { @{ $_->{points} } } @{ $p->{series} };
	my ($x0, $x1, $y0, $y1) = bounds($p);
	my $X = sub { place(shift, $x0, $x1, $left + 8, $width - $right - 8, $p->{log_x}) };
	my $Y = sub { place(shift, $y0, $y1, $height - $bottom, $top, $p->{log_y}) };
	my $out = sprintf "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", $width, $height,
	    escaped($p->{title});
	$out .= axis($p, $X, $Y, $x0, $x1, $y0, $y1);
	my $i = 0;
	$out .= series($p, $_, $i++, $X, $Y) for @{ $p->{series} };
	return "$out</svg><figcaption>" . escaped($p->{title}) . "</figcaption></figure>\n";
}

sub axis {
	my ($p, $X, $Y, $x0, $x1, $y0, $y1) = @_;
	my $base = $height - $bottom;
	my $out = '';
	for my $v (grep { $_ >= $y0 && $_ <= $y1 } ticks($y0, $y1, $p->{log_y})) {
		$out .= sprintf "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>"
		    . "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
		    $left, $width - $right, $Y->($v), $Y->($v), $left - 6, $Y->($v) + 4, short($v);
	}
	my %x = map { map { $_->[0] => 1 } @{ $_->{points} } } @{ $p->{series} };
	my $last = -100;
	for my $v (sort { $a <=> $b } keys %x) {
		next if $X->($v) - $last < 44;
		$last = $X->($v);
		$out .= sprintf "<text class=\"tick\" x=\"%s\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
		    $last, $base + 18, short($v, $p->{bytes});
	}
	$out .= "<line class=\"axis\" x1=\"$left\" x2=\"" . ($width - $right) . "\" y1=\"$base\" y2=\"$base\"/>\n";
	$out .= sprintf "<text class=\"name\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
	    $width - $right, $height - 8, escaped($p->{x});
	return $out . sprintf "<text class=\"name\" x=\"6\" y=\"16\">%s</text>\n", escaped($p->{y});
}

# Line, spread as a bar, and a point that says its figures when one points at it.
sub series {
	my ($p, $s, $i, $X, $Y) = @_;
	my @points = sort { $a->[0] <=> $b->[0] } @{ $s->{points} };
	return '' unless @points;
	my $out = "<g class=\"s$i\">";
	$out .= '<polyline points="' . join(' ', map { $X->($_->[0]) . ',' . $Y->($_->[1]) } @points) . "\"/>\n";
	for (@points) {
		my ($x, $median, $low, $high) = @$_;
		my $about = sprintf '%s, %s %s: %s %s (%s to %s)', $s->{name}, short($x, $p->{bytes}), $p->{x},
		    Figures::text($median), $p->{unit}, Figures::text($low), Figures::text($high);
		$out .= sprintf "<line class=\"spread\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
		    . "<circle cx=\"%s\" cy=\"%s\" r=\"4\"><title>%s</title></circle>\n",
		    $X->($x), $X->($x), $Y->($low), $Y->($high), $X->($x), $Y->($median), escaped($about);
	}
	# The legend's entry.
	my $at = $left + 8 + 128 * $i;
	return $out . sprintf "<circle cx=\"%d\" cy=\"28\" r=\"4\"/><text x=\"%d\" y=\"32\">%s</text></g>\n", $at, $at + 9,
	    escaped($s->{name});
}

1;
