/*
 * sd_notify(3) for Node, which has no datagram sockets of the family AF_UNIX: one function, notify(text), in Node-API,
 * so that one file serves every version of Node. It returns how many bytes were sent, or -1: no supervisor, or it is gone.
 *
 * Build: cc -O2 -shared -fPIC -I<folder of node_api.h> -o notify.node notify.c
 */
#include <node_api.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A longer text is cut; those of Fieldnote are a line or two. */
#define TEXT_SIZE_MAX 1024

static int send_to_supervisor(const char *text, size_t size)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t path_size = path ? strlen(path) : 0;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path_size == 0 || path_size >= sizeof address.sun_path) return -1;
    memcpy(address.sun_path, path, path_size);
    /* An @ stands for the zero byte that begins an abstract name; such a name has no zero byte at its end. */
    int is_abstract = path[0] == '@';
    if (is_abstract) address.sun_path[0] = 0;
    socklen_t address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_size + !is_abstract);

    /* Never waits: a supervisor that does not read must not hold up the watching. */
    int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_fd < 0) return -1;
    int sent = (int)sendto(socket_fd, text, size, MSG_NOSIGNAL, (struct sockaddr *)&address, address_size);
    close(socket_fd);
    return sent;
}

static napi_value notify(napi_env env, napi_callback_info info)
{
    char text[TEXT_SIZE_MAX];
    size_t size = 0, argument_count = 1;
    napi_value argument, result;
    int sent = -1;
    if (napi_get_cb_info(env, info, &argument_count, &argument, NULL, NULL) != napi_ok) return NULL;
    if (argument_count == 1 && napi_get_value_string_utf8(env, argument, text, sizeof text, &size) == napi_ok)
        sent = send_to_supervisor(text, size);
    return napi_create_int32(env, sent, &result) == napi_ok ? result : NULL;
}

NAPI_MODULE_INIT()
{
    napi_value function;
    if (napi_create_function(env, "notify", NAPI_AUTO_LENGTH, notify, NULL, &function) != napi_ok) return NULL;
    return napi_set_named_property(env, exports, "notify", function) == napi_ok ? exports : NULL;
}
