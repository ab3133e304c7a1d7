// ITK's side of run.sh.
//   itk_points map FILE POINTS            points of the text file POINTS (x y a line), mapped by a transform or a field
//   itk_points convert FILE OTHER         reads transforms and writes them in the format of the other name
//   itk_points convert_field FILE OTHER   the same of a displacement field; compressed
#include <cstdio>
#include <exception>
#include <fstream>
#include <itkCompositeTransform.h>
#include <itkDisplacementFieldTransform.h>
#include <itkImageFileReader.h>
#include <itkImageFileWriter.h>
#include <itkTransformFileReader.h>
#include <itkTransformFileWriter.h>
#include <string>

namespace {

using transform = itk::Transform<double, 2, 2>;
using field_image = itk::Image<itk::Vector<double, 2>, 2>;

bool ends_with(std::string const& text, std::string const& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

transform::Pointer read(std::string const& path) {
    if (ends_with(path, ".mha") || ends_with(path, ".nrrd") || ends_with(path, ".mhd")) {
        auto reader = itk::ImageFileReader<field_image>::New();
        reader->SetFileName(path);
        reader->Update();
        auto field = itk::DisplacementFieldTransform<double, 2>::New();
        field->SetDisplacementField(reader->GetOutput());
        return field.GetPointer();
    }
    auto reader = itk::TransformFileReaderTemplate<double>::New();
    reader->SetFileName(path);
    reader->Update();
    if (reader->GetTransformList()->size() != 1)
        throw std::runtime_error("the file has several transforms");
    return static_cast<transform*>(reader->GetTransformList()->front().GetPointer());
}

}  // namespace

int main(int count, char** arguments) try {
    std::string const what = count > 1 ? arguments[1] : "";
    if (count != 4)
        return std::fputs("usage: itk_points map|convert|convert_field FILE POINTS|OTHER\n", stderr), 2;
    if (what == "map") {
        auto const t = read(arguments[2]);
        std::ifstream points(arguments[3]);
        for (transform::InputPointType p; points >> p[0] >> p[1];) {
            auto const q = t->TransformPoint(p);
            std::printf("%.10f %.10f\n", q[0], q[1]);
        }
    } else if (what == "convert") {
        auto writer = itk::TransformFileWriterTemplate<double>::New();
        writer->SetInput(read(arguments[2]));
        writer->SetFileName(arguments[3]);
        writer->Update();
    } else {
        auto reader = itk::ImageFileReader<field_image>::New();
        reader->SetFileName(arguments[2]);
        auto writer = itk::ImageFileWriter<field_image>::New();
        writer->SetInput(reader->GetOutput());
        writer->SetFileName(arguments[3]);
        writer->UseCompressionOn();
        writer->Update();
    }
    return 0;
} catch (std::exception const& problem) {
    std::fprintf(stderr, "itk_points: %s\n", problem.what());
    return 1;
}
