// Asio and Beast, compiled once in Asio.cpp.
#pragma once

#ifdef BOOST_ASIO_DETAIL_CONFIG_HPP
// Each file that saw Boost before would have its own copy of what must be there once.
#error "include Asio.h before anything of Boost"
#endif
#define BOOST_ASIO_SEPARATE_COMPILATION
#define BOOST_BEAST_SEPARATE_COMPILATION
#define BOOST_ASIO_NO_DEPRECATED

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace consort::http {

namespace asio = boost::asio;
using Error = boost::system::error_code;
/// TCP and Unix sockets alike.
using Socket = asio::generic::stream_protocol::socket;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

}  // namespace consort::http
