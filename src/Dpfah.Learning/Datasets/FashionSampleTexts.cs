namespace Dpfah.Learning.Datasets;

/// <summary>The two text files of the sample's archive.</summary>
internal static class FashionSampleTexts
{
    public const string Readme = """
        Sample of Fashion-MNIST (https://github.com/zalandoresearch/fashion-mnist)

        class/index.png        200 pictures of each of the ten classes, to search in
        query/class/index.png  one picture of each class, to search with

        The index is the picture's number in the pool: 60,000 training pictures, then 10,000 test pictures,
        in file order. The pool is split by Dpfah's fixed split (100 queries and 500 training pictures a
        class, the rest database); the first 200 of each class in the database part and the first one in
        the query part are here. Grey, 28 x 28 pixels, PNG without compression.

        Han Xiao, Kashif Rasul, Roland Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking
        Machine Learning Algorithms. arXiv:1708.07747, 2017. Licence: MIT, see LICENSE.

        """;

    public const string Licence = """
        The MIT License (MIT)

        Copyright © 2017 Zalando SE, https://tech.zalando.com

        Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
        associated documentation files (the "Software"), to deal in the Software without restriction,
        including without limitation the rights to use, copy, modify, merge, publish, distribute,
        sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
        furnished to do so, subject to the following conditions:

        The above copyright notice and this permission notice shall be included in all copies or substantial
        portions of the Software.

        THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
        NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
        NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
        OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
        CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

        """;
}
