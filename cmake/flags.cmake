# Warnings, sanitizers and coverage for every target of the project.

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(LOWMEG_WERROR)
  add_compile_options(-Werror)
endif()

if(LOWMEG_SANITIZE)
  add_compile_options(-fsanitize=${LOWMEG_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LOWMEG_SANITIZE})
endif()

if(LOWMEG_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

if(LOWMEG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
