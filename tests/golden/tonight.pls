[playlist]
File1=quiet.flac
Title1=Ada - Quiet
Length1=200
File2=勇気/#1 雨.flac
Title2=雨
Length2=313
File3=../../../srv/nas/a - b.ogg
Title3=Ada - A – B
Length3=3077
; the plan ends here, the tail plays on
File4=deep.flac
Title4=deep
Length4=910
NumberOfEntries=4
Version=2
