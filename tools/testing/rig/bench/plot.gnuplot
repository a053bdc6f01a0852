# build/bench.svg: ours / upstream for each row with its goal, and how the cost
# of a page grows with the length of the area. Called with data= and out=.
set terminal svg size 1100,900 font "sans,12" background "white"
set output out
set multiplot layout 2,1
set style fill solid 0.8
set boxwidth 0.6
set grid ytics

set title "Instructions and bytes, ours / upstream (marks: the goals)"
set yrange [0:1.2]
set xtics rotate by -50 font ",9"
plot data using 0:4:xtic(1) with boxes lc rgb "#3a6ea5" notitle, \
     data using 0:5 with points pt 7 ps 0.6 lc rgb "#d1495b" notitle, \
     1 with lines lc rgb "#666666" notitle

set title "Instructions a 4K page, 1 MiB to 1 GiB in one call"
set yrange [0:*]
set xtics norotate font ",11" ("1 MiB" 0, "16 MiB" 1, "256 MiB" 2, "1 GiB" 3)
set xrange [-0.3:3.3]
set key center right
only(name, want, value) = strstrt(name, want) == 1 ? value : 1/0
at(name) = strstrt(name, "-1m") ? 0 : strstrt(name, "-16m") ? 1 : \
	   strstrt(name, "-256m") ? 2 : strstrt(name, "-1g") ? 3 : 1/0
plot data using (only(stringcolumn(1), "map-", at(stringcolumn(1)))):2 with points pt 6 ps 1.5 lc rgb "#999999" title "map, upstream", \
     data using (only(stringcolumn(1), "map-", at(stringcolumn(1)))):3 with points pt 7 ps 1.2 lc rgb "#3a6ea5" title "map, ours", \
     data using (only(stringcolumn(1), "unmap-", at(stringcolumn(1)))):2 with points pt 4 ps 1.5 lc rgb "#999999" title "unmap, upstream", \
     data using (only(stringcolumn(1), "unmap-", at(stringcolumn(1)))):3 with points pt 5 ps 1.2 lc rgb "#d1495b" title "unmap, ours"
unset multiplot
