#pragma once

#include <cstring>
#include <functional>
#include <nn/conv_case.hpp>

#include <dnnl.hpp>

namespace bench {

/// oneDNN's convolution in the blocked layouts of its own choice; the reordering of the tensors is not timed.
class dnnl_conv {
    using memory = dnnl::memory;
    using tag = memory::format_tag;

public:
    explicit dnnl_conv(conv_case const& c)
        : forward_desc_({dnnl::prop_kind::forward_training,
                         dnnl::algorithm::convolution_direct,
                         any(source(c)),
                         any(weights(c)),
                         any({size(c.co)}, tag::a),
                         any(target(c)),
                         {1, 1},
                         {1, 1},
                         {1, 1}},
                        engine_),
          by_input_desc_({dnnl::algorithm::convolution_direct,
                          any(source(c)),
                          any(weights(c)),
                          any(target(c)),
                          {1, 1},
                          {1, 1},
                          {1, 1}},
                         engine_, forward_desc_),
          by_weight_desc_({dnnl::algorithm::convolution_direct,
                           any(source(c)),
                           any(weights(c)),
                           any({size(c.co)}, tag::a),
                           any(target(c)),
                           {1, 1},
                           {1, 1},
                           {1, 1}},
                          engine_, forward_desc_),
          forward_(forward_desc_),
          by_input_(by_input_desc_),
          by_weight_(by_weight_desc_),
          x_(filled(forward_desc_.src_desc(), source(c), c.x)),
          x_for_weight_(filled(by_weight_desc_.src_desc(), source(c), c.x)),
          w_(filled(forward_desc_.weights_desc(), weights(c), c.weight)),
          w_for_input_(filled(by_input_desc_.weights_desc(), weights(c), c.weight)),
          bias_(filled(forward_desc_.bias_desc(), {size(c.co)}, c.bias)),
          dy_for_input_(filled(by_input_desc_.diff_dst_desc(), target(c), c.dy)),
          dy_for_weight_(filled(by_weight_desc_.diff_dst_desc(), target(c), c.dy)),
          y_(forward_desc_.dst_desc(), engine_),
          dx_(by_input_desc_.diff_src_desc(), engine_),
          dw_(by_weight_desc_.diff_weights_desc(), engine_),
          db_(by_weight_desc_.diff_bias_desc(), engine_) {}

    void forward() {
        run(forward_, {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, w_}, {DNNL_ARG_BIAS, bias_}, {DNNL_ARG_DST, y_}});
    }
    void by_input() {
        run(by_input_,
            {{DNNL_ARG_DIFF_DST, dy_for_input_}, {DNNL_ARG_WEIGHTS, w_for_input_}, {DNNL_ARG_DIFF_SRC, dx_}});
    }
    void by_weight() {
        run(by_weight_, {{DNNL_ARG_SRC, x_for_weight_},
                         {DNNL_ARG_DIFF_DST, dy_for_weight_},
                         {DNNL_ARG_DIFF_WEIGHTS, dw_},
                         {DNNL_ARG_DIFF_BIAS, db_}});
    }

    conv_results results(conv_case const& c) {
        forward();
        by_input();
        by_weight();
        conv_results r{comir::tensor<float>(c.dy.shape()), comir::tensor<float>(c.x.shape()), {}};
        put(plain(y_, target(c)), r.y);
        put(plain(dx_, source(c)), r.dx);
        r.dweight = plain(dw_, weights(c));
        return r;
    }

private:
    static memory::dim size(std::size_t n) { return static_cast<memory::dim>(n); }
    static memory::dims source(conv_case const& c) { return {size(c.n), size(c.ci), size(c.extent), size(c.extent)}; }
    static memory::dims target(conv_case const& c) { return {size(c.n), size(c.co), size(c.extent), size(c.extent)}; }
    static memory::dims weights(conv_case const& c) { return {size(c.co), size(c.ci), size(kernel), size(kernel)}; }
    static memory::desc any(memory::dims const& dims, tag layout = tag::any) {
        return {dims, memory::data_type::f32, layout};
    }
    static tag plain_tag(memory::dims const& dims) { return dims.size() == 1 ? tag::a : tag::abcd; }

    static std::vector<float> flat(comir::tensor<float> const& t) {
        std::vector<float> values;
        comir::for_each_row(t.view(),
                            [&](float const* row, std::size_t w) { values.insert(values.end(), row, row + w); });
        return values;
    }
    static std::vector<float> flat(std::vector<float> const& values) { return values; }
    static void put(std::vector<float> const& values, comir::tensor<float>& t) {
        float const* from = values.data();
        comir::for_each_row(t.view(), [&](float* row, std::size_t w) {
            std::copy_n(from, w, row);
            from += w;
        });
    }

    template <class Values>
    memory filled(memory::desc const& desc, memory::dims const& dims, Values const& values) {
        auto numbers = flat(values);
        memory from(any(dims, plain_tag(dims)), engine_, numbers.data()), to(desc, engine_);
        dnnl::reorder(from, to).execute(stream_, from, to);
        stream_.wait();
        return to;
    }
    std::vector<float> plain(memory& from, memory::dims const& dims) {
        memory to(any(dims, plain_tag(dims)), engine_);
        dnnl::reorder(from, to).execute(stream_, from, to);
        stream_.wait();
        std::vector<float> values(to.get_desc().get_size() / sizeof(float));
        std::memcpy(values.data(), to.get_data_handle(), values.size() * sizeof(float));
        return values;
    }
    void run(dnnl::primitive& primitive, std::unordered_map<int, memory> const& arguments) {
        primitive.execute(stream_, arguments);
        stream_.wait();
    }

    dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream_{engine_};
    dnnl::convolution_forward::primitive_desc forward_desc_;
    dnnl::convolution_backward_data::primitive_desc by_input_desc_;
    dnnl::convolution_backward_weights::primitive_desc by_weight_desc_;
    dnnl::convolution_forward forward_;
    dnnl::convolution_backward_data by_input_;
    dnnl::convolution_backward_weights by_weight_;
    memory x_, x_for_weight_, w_, w_for_input_, bias_, dy_for_input_, dy_for_weight_, y_, dx_, dw_, db_;
};

}  // namespace bench
