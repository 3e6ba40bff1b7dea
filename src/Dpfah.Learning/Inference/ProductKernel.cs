using System.Runtime.CompilerServices;

namespace Dpfah.Learning.Inference;

/// <summary>
/// The one place where multiplications are many: up to six rows of inputs by 64 columns of weights. A convolution is this kernel over
/// its taps, a product of Winograd's the kernel with one tap.
/// </summary>
/// <remarks>
/// <para>For row r and column j, in this order, each step rounded once: Σ_tap Σ_k x[tap][r][k] · w[tap][k][j], from 0 up.</para>
/// <para>Lanes are columns: no sum crosses lanes, so it is the same with vectors of any width.</para>
/// <para>Six rows by four vectors are 24 sums that stay in registers while a step loads four vectors of weights and six inputs:
/// 24 multiply-adds for 10 loads, and 24 chains hide the latency of an addition (4 cycles at up to 2 a cycle). With 16 registers the
/// block is six by two, and the 64 columns are passed in four goes.</para>
/// </remarks>
internal static unsafe class ProductKernel
{
    /// <summary>Rows of a full block.</summary>
    public const int Rows = 6;

    /// <summary>Columns of a panel of weights.</summary>
    public const int Columns = 64;

    /// <summary>Multiplies up to six rows by a panel.</summary>
    /// <param name="rows">From 1 to 6.</param>
    /// <param name="inputs">Where each row starts: six pointers a tap, those behind the last row unused.</param>
    /// <param name="taps">Taps of the window.</param>
    /// <param name="depth">Inputs of a tap, side by side.</param>
    /// <param name="weights">64 columns by taps · depth, the columns of a step side by side.</param>
    /// <param name="outputs">Where the 64 results of each row go.</param>
    /// <param name="ending">What happens to a sum before it is stored.</param>
    public static void Multiply<TLanes, TVector>(
        int rows, float** inputs, int taps, int depth, float* weights, float** outputs, in Ending ending)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        switch (rows)
        {
            case 1:
                Block<TLanes, TVector, RowCount.One>(inputs, taps, depth, weights, outputs, ending);
                break;
            case 2:
                Block<TLanes, TVector, RowCount.Two>(inputs, taps, depth, weights, outputs, ending);
                break;
            case 3:
                Block<TLanes, TVector, RowCount.Three>(inputs, taps, depth, weights, outputs, ending);
                break;
            case 4:
                Block<TLanes, TVector, RowCount.Four>(inputs, taps, depth, weights, outputs, ending);
                break;
            case 5:
                Block<TLanes, TVector, RowCount.Five>(inputs, taps, depth, weights, outputs, ending);
                break;
            case 6:
                Block<TLanes, TVector, RowCount.Six>(inputs, taps, depth, weights, outputs, ending);
                break;
        }
    }

    // The rows that a block lacks are left out by the compiler: each number of rows is a method of its own.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block<TLanes, TVector, TRows>(
        float** inputs, int taps, int depth, float* weights, float** outputs, in Ending ending)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TRows : struct, IRowCount
    {
        int width = TLanes.Count * TLanes.BlockVectors;
        for (int column = 0; column < Columns; column += width)
        {
            TVector s00 = default, s01 = default, s02 = default, s03 = default;
            TVector s10 = default, s11 = default, s12 = default, s13 = default;
            TVector s20 = default, s21 = default, s22 = default, s23 = default;
            TVector s30 = default, s31 = default, s32 = default, s33 = default;
            TVector s40 = default, s41 = default, s42 = default, s43 = default;
            TVector s50 = default, s51 = default, s52 = default, s53 = default;
            float** at = inputs;
            float* w = weights + column;
            for (int tap = 0; tap < taps; tap++, at += Rows)
            {
                float* x0 = at[0];
                float* x1 = TRows.Count > 1 ? at[1] : x0;
                float* x2 = TRows.Count > 2 ? at[2] : x0;
                float* x3 = TRows.Count > 3 ? at[3] : x0;
                float* x4 = TRows.Count > 4 ? at[4] : x0;
                float* x5 = TRows.Count > 5 ? at[5] : x0;
                for (int k = 0; k < depth; k++, w += Columns)
                {
                    TVector w0 = TLanes.Load(w);
                    TVector w1 = TLanes.Load(w + TLanes.Count);
                    TVector w2 = TLanes.BlockVectors > 2 ? TLanes.Load(w + (2 * TLanes.Count)) : default;
                    TVector w3 = TLanes.BlockVectors > 2 ? TLanes.Load(w + (3 * TLanes.Count)) : default;
                    TVector x = TLanes.Splat(x0[k]);
                    s00 = TLanes.MultiplyAdd(x, w0, s00);
                    s01 = TLanes.MultiplyAdd(x, w1, s01);
                    if (TLanes.BlockVectors > 2)
                    {
                        s02 = TLanes.MultiplyAdd(x, w2, s02);
                        s03 = TLanes.MultiplyAdd(x, w3, s03);
                    }

                    if (TRows.Count > 1)
                    {
                        x = TLanes.Splat(x1[k]);
                        s10 = TLanes.MultiplyAdd(x, w0, s10);
                        s11 = TLanes.MultiplyAdd(x, w1, s11);
                        if (TLanes.BlockVectors > 2)
                        {
                            s12 = TLanes.MultiplyAdd(x, w2, s12);
                            s13 = TLanes.MultiplyAdd(x, w3, s13);
                        }
                    }

                    if (TRows.Count > 2)
                    {
                        x = TLanes.Splat(x2[k]);
                        s20 = TLanes.MultiplyAdd(x, w0, s20);
                        s21 = TLanes.MultiplyAdd(x, w1, s21);
                        if (TLanes.BlockVectors > 2)
                        {
                            s22 = TLanes.MultiplyAdd(x, w2, s22);
                            s23 = TLanes.MultiplyAdd(x, w3, s23);
                        }
                    }

                    if (TRows.Count > 3)
                    {
                        x = TLanes.Splat(x3[k]);
                        s30 = TLanes.MultiplyAdd(x, w0, s30);
                        s31 = TLanes.MultiplyAdd(x, w1, s31);
                        if (TLanes.BlockVectors > 2)
                        {
                            s32 = TLanes.MultiplyAdd(x, w2, s32);
                            s33 = TLanes.MultiplyAdd(x, w3, s33);
                        }
                    }

                    if (TRows.Count > 4)
                    {
                        x = TLanes.Splat(x4[k]);
                        s40 = TLanes.MultiplyAdd(x, w0, s40);
                        s41 = TLanes.MultiplyAdd(x, w1, s41);
                        if (TLanes.BlockVectors > 2)
                        {
                            s42 = TLanes.MultiplyAdd(x, w2, s42);
                            s43 = TLanes.MultiplyAdd(x, w3, s43);
                        }
                    }

                    if (TRows.Count > 5)
                    {
                        x = TLanes.Splat(x5[k]);
                        s50 = TLanes.MultiplyAdd(x, w0, s50);
                        s51 = TLanes.MultiplyAdd(x, w1, s51);
                        if (TLanes.BlockVectors > 2)
                        {
                            s52 = TLanes.MultiplyAdd(x, w2, s52);
                            s53 = TLanes.MultiplyAdd(x, w3, s53);
                        }
                    }
                }
            }

            Finish<TLanes, TVector>(s00, s01, s02, s03, 0, column, outputs, ending);

            if (TRows.Count > 1)
            {
                Finish<TLanes, TVector>(s10, s11, s12, s13, 1, column, outputs, ending);
            }

            if (TRows.Count > 2)
            {
                Finish<TLanes, TVector>(s20, s21, s22, s23, 2, column, outputs, ending);
            }

            if (TRows.Count > 3)
            {
                Finish<TLanes, TVector>(s30, s31, s32, s33, 3, column, outputs, ending);
            }

            if (TRows.Count > 4)
            {
                Finish<TLanes, TVector>(s40, s41, s42, s43, 4, column, outputs, ending);
            }

            if (TRows.Count > 5)
            {
                Finish<TLanes, TVector>(s50, s51, s52, s53, 5, column, outputs, ending);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TLanes, TVector>(
        TVector s0, TVector s1, TVector s2, TVector s3, int row, int column, float** outputs, in Ending ending)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float* to = outputs[row] + column;
        float* bias = ending.Bias is null ? null : ending.Bias + column;
        float* other = ending.Others is null ? null : ending.Others[row] + column;
        Finish<TLanes, TVector>(s0, to, bias, other, 0, ending.Rectify);
        Finish<TLanes, TVector>(s1, to, bias, other, TLanes.Count, ending.Rectify);
        if (TLanes.BlockVectors > 2)
        {
            Finish<TLanes, TVector>(s2, to, bias, other, 2 * TLanes.Count, ending.Rectify);
            Finish<TLanes, TVector>(s3, to, bias, other, 3 * TLanes.Count, ending.Rectify);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TLanes, TVector>(TVector sum, float* to, float* bias, float* other, int at, bool rectify)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (bias is not null)
        {
            sum = TLanes.Add(sum, TLanes.Load(bias + at));
        }

        if (other is not null)
        {
            sum = TLanes.Add(sum, TLanes.Load(other + at));
        }

        TLanes.Store(rectify ? TLanes.Max(sum, default) : sum, to + at);
    }
}
