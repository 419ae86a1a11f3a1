# Has the program write its man pages and its completion: cmake -DPROGRAM=lowmeg -DFOLDER=man -P manual.cmake
#
# FOLDER gets a page for each command that the program's own page names, and the completion as lowmeg.bash.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})

function(ask output)
  execute_process(COMMAND ${PROGRAM} ${ARGN} OUTPUT_FILE ${FOLDER}/${output} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

ask(lowmeg.1 --man)
file(READ ${FOLDER}/lowmeg.1 page)
string(REGEX MATCHALL "lowmeg\\\\-[a-z]+\\(1\\)" references "${page}")
foreach(reference IN LISTS references)
  string(REGEX REPLACE "lowmeg\\\\-([a-z]+).*" "\\1" command "${reference}")
  ask(lowmeg-${command}.1 --man ${command})
endforeach()
ask(lowmeg.bash --completion)
file(GLOB pages ${FOLDER}/*.1)
execute_process(COMMAND gzip -9n ${pages} COMMAND_ERROR_IS_FATAL ANY)
