# Warnings, sanitizers and coverage for every target of the project.

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(LOWMEG_WERROR)
  add_compile_options(-Werror)
endif()

# Without two of UBSan's checks, a quarter of what there is to compile: a null pointer's access ASan shows as well,
# and the one cast down a class looks at what it is first.
if(LOWMEG_SANITIZE)
  add_compile_options(-fsanitize=${LOWMEG_SANITIZE} -fno-sanitize=null,vptr -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LOWMEG_SANITIZE})
  find_program(LOWMEG_MOLD mold)  # four times as fast, where there are a hundred programs to link
  if(LOWMEG_MOLD)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

if(LOWMEG_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

if(LOWMEG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
